package main

import (
	"context"
	"flag"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// update tells whether to rewrite golden files: go test ./cmd/sentryctl -update.
// The flag is there already: Compose's library brings a test helper with it
// that defines it.
func update() bool {
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}

// TestMain makes this test binary answer to the name sentryctl, so that
// scripts run the command as a person does: a process of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"sentryctl": func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			os.Exit(newApp(os.Stdin, os.Stdout, os.Stderr).run(ctx, os.Args[1:]))
		},
	})
}

// TestScripts runs every script of testdata/script. They read as the manual,
// and none needs an Engine or the network. Of an own command,
//
//	exits CODE sentryctl …
//
// runs the command line and compares its exit code; `stdout` and `stderr` then
// match what it wrote. And
//
//	backups REPO PASSWORD-FILE PROJECT ID…
//
// writes backups into a repository; one whose ID ends in ! has a manifest that
// cannot be read.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       update(),
		Setup:               setupScript,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"backups": backups,
		},
	})
}

// setupScript keeps the tester's Engine, network and docker configuration out.
func setupScript(env *testscript.Env) error {
	env.Setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
	env.Setenv("DOCKER_CONFIG", filepath.Join(env.WorkDir, ".docker"))
	env.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	env.Setenv("NO_COLOR", "1")
	return nil
}

// exits runs a command and checks its exit code: exits 12 sentryctl preflight.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGUMENT…]")
	}
	err := ts.Exec(args[1], args[2:]...)
	if got := exitCode(err); got != args[0] {
		ts.Fatalf("%v exits with %s, want %s", args[1:], got, args[0])
	}
}
