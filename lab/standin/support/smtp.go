package support

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

const (
	smtpAddress = "0.0.0.0:25"
	mailDir     = "/var/spool/exim4/input"
	maxMail     = 25 << 20
)

// SMTP takes mail and keeps it; it delivers nothing.
func SMTP(ctx context.Context, p *proc.Proc) error {
	if err := os.MkdirAll(mailDir, 0o755); err != nil {
		return fmt.Errorf("make mail folder: %w", err)
	}
	p.Logf("listens on %s", smtpAddress)
	return proc.ServeTCP(ctx, smtpAddress, func(_ context.Context, c net.Conn) {
		s := newSession(c, mailDir)
		if err := s.talk(); err != nil {
			p.Logf("mail: %v", err)
		}
	})
}

// session is one client's mails.
type session struct {
	conn net.Conn
	in   *bufio.Scanner
	dir  string
	head []string // MAIL and RCPT of the mail that is being sent
}

func newSession(c net.Conn, dir string) *session {
	s := &session{conn: c, in: bufio.NewScanner(c), dir: dir}
	s.in.Buffer(nil, maxMail)
	return s
}

func (s *session) say(line string) { fmt.Fprintf(s.conn, "%s\r\n", line) }

func (s *session) talk() error {
	s.say("220 smtp ESMTP")
	for s.in.Scan() {
		verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(s.in.Text())), " ")
		switch verb {
		case "EHLO":
			s.say("250-smtp\r\n250-8BITMIME\r\n250 SIZE " + fmt.Sprint(maxMail))
		case "HELO", "NOOP":
			s.say("250 OK")
		case "MAIL", "RCPT":
			s.head = append(s.head, strings.TrimSpace(s.in.Text()))
			s.say("250 OK")
		case "RSET":
			s.head = nil
			s.say("250 OK")
		case "DATA":
			if err := s.data(); err != nil {
				s.say("451 local error")
				return err
			}
		case "QUIT":
			s.say("221 Bye")
			return nil
		default:
			s.say("502 not implemented")
		}
	}
	return s.in.Err()
}

// data reads a mail up to the lone dot and stores it before it is accepted.
func (s *session) data() error {
	s.say("354 end with .")
	mail := strings.Join(s.head, "\n") + "\n\n"
	var body strings.Builder
	for s.in.Scan() && s.in.Text() != "." {
		body.WriteString(strings.TrimPrefix(s.in.Text(), "."))
		body.WriteByte('\n')
	}
	name := fmt.Sprintf("%d-D", time.Now().UnixNano())
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(mail+body.String()), 0o640); err != nil {
		return err
	}
	s.head = nil
	s.say("250 OK id=" + name)
	return nil
}
