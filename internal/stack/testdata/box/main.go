// Command box is what the containers of the integration tests run.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/sentryctl/sentryctl/internal/cgroup"
)

func main() {
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	if args[0] == "helper" { // as RunHelper calls this program
		args = args[1:]
	}
	switch args[0] {
	case "serve": // serve DELAY: healthy after DELAY, until a signal
		return serve(args[1])
	case "health":
		if _, err := os.Stat("/ready"); err != nil {
			fmt.Println("not yet")
			return 1
		}
		return 0
	case "thaw", "freeze": // thaw CONTAINER
		set := cgroup.Thaw
		if args[0] == "freeze" {
			set = cgroup.Freeze
		}
		if left, err := set(cgroup.Mounted, args[1]); err != nil || len(left) > 0 {
			fmt.Fprintln(os.Stderr, "error:", left, err)
			return 1
		}
		return 0
	case "exit": // exit CODE TEXT
		code, _ := strconv.Atoi(args[1])
		fmt.Fprintln(os.Stderr, args[2])
		return code
	case "cat":
		fmt.Println("env", os.Getenv("BOX"))
		_, _ = io.Copy(os.Stdout, os.Stdin)
		return 0
	case "write": // write PATH TEXT
		if err := os.WriteFile(args[1], []byte(args[2]), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
	return 64
}

func serve(delay string) int {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	// A start after a stop is a new one, on the same file system.
	_ = os.Remove("/ready")
	_ = os.Remove("/socket")
	if socket, err := net.Listen("unix", "/socket"); err == nil {
		go greet(socket)
	}
	wait, _ := time.ParseDuration(delay)
	select {
	case <-stop:
		return 0
	case <-time.After(wait):
	}
	_ = os.WriteFile("/ready", nil, 0o644)
	<-stop
	return 0
}

func greet(socket net.Listener) {
	for {
		conn, err := socket.Accept()
		if err != nil {
			return
		}
		_, _ = io.WriteString(conn, "welcome")
		_ = conn.Close()
	}
}
