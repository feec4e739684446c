package trial

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/internal/config"
)

// freeAddress is a loopback address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestReach(t *testing.T) {
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	bind := freeAddress(t)
	proxy := httptest.NewServer(forward(bind))
	defer proxy.Close()
	cases := []struct{ name, address, bind, want string }{
		{"directly", "http://" + bind, bind, ""},
		{"through a proxy", proxy.URL, bind, ""},
		{"somebody else", other.URL, bind, "another server answers there: 404 Not Found"},
		{"nobody", "http://" + freeAddress(t), bind, "connection refused"},
		{"taken", "http://" + bind, strings.TrimPrefix(other.URL, "http://"), "address already in use"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := Reach(context.Background(), c.address, c.bind)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func forward(to string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u := url.URL{Scheme: "http", Host: to, Path: r.URL.Path}
		res, err := http.Get(u.String())
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer res.Body.Close()
		_ = res.Write(hijack(w))
	})
}

func hijack(w http.ResponseWriter) net.Conn {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err) // the test's own server can be hijacked
	}
	return conn
}

// mailServer takes one message, or refuses the recipient, and tells what it read.
func mailServer(t *testing.T, rcpt string) (port int, heard chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	heard = make(chan string, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		heard <- converse(conn, rcpt)
	}()
	return l.Addr().(*net.TCPAddr).Port, heard
}

func converse(conn net.Conn, rcpt string) string {
	say := func(s string) { _, _ = conn.Write([]byte(s + "\r\n")) }
	var all strings.Builder
	say("220 test")
	in, body := bufio.NewScanner(conn), false
	for in.Scan() {
		line := in.Text()
		all.WriteString(line + "\n")
		verb, _, _ := strings.Cut(line, " ")
		switch {
		case body:
			if line == "." {
				body = false
				say("250 taken")
			}
		case verb == "EHLO":
			say("250-test\r\n250 AUTH PLAIN")
		case verb == "AUTH":
			say("235 in")
		case verb == "RCPT":
			say(rcpt)
		case verb == "DATA":
			body = true
			say("354 go")
		case verb == "QUIT":
			say("221 bye")
			return all.String()
		default:
			say("250 ok")
		}
	}
	return all.String()
}

func TestMail(t *testing.T) {
	port, heard := mailServer(t, "250 ok")
	m := config.Mail{Host: "127.0.0.1", Port: port, From: "Sentry <sentry@example.com>", Username: "u", Password: config.NewSecret("s3cr3t")}
	if err := Mail(context.Background(), m, "ada@example.com"); err != nil {
		t.Fatal(err)
	}
	got := <-heard
	for _, want := range []string{"MAIL FROM:<sentry@example.com>", "RCPT TO:<ada@example.com>", "Subject: Test message for Sentry"} {
		if !strings.Contains(got, want) {
			t.Errorf("the server did not hear %q:\n%s", want, got)
		}
	}
}

func TestMailRefused(t *testing.T) {
	port, _ := mailServer(t, "550 no such user")
	cases := []struct {
		name string
		mail config.Mail
		want string
	}{
		{"recipient", config.Mail{Host: "127.0.0.1", Port: port}, "550"},
		{"no server", config.Mail{}, "no mail server"},
		{"nobody there", config.Mail{Host: "127.0.0.1", Port: 1}, "connection refused"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if err := Mail(context.Background(), c.mail, "ada@example.com"); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
