package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"os"
	"strconv"
	"strings"
	"time"
)

// Mail goes through a mail server.
type Mail struct {
	Host         string   `yaml:"host"`
	Port         int      `yaml:"port"` // 0: 587, or 465 with tls: implicit
	TLS          string   `yaml:"tls"`  // starttls (default), implicit, none
	User         string   `yaml:"user"`
	PasswordFile string   `yaml:"password_file"`
	CAFile       string   `yaml:"ca_file"` // certificates to trust besides the machine's, PEM
	From         string   `yaml:"from"`
	To           []string `yaml:"to"`
	On           When     `yaml:"on"`
}

// Name says what it is.
func (m Mail) Name() string { return "mail" }
func (m Mail) when() When   { return m.On }

func (m Mail) check() error {
	switch {
	case m.Host == "" || len(m.To) == 0:
		return errors.New("it needs host, from and to")
	case m.TLS != "" && m.TLS != "starttls" && m.TLS != "implicit" && m.TLS != "none":
		return fmt.Errorf("tls: %q is none of starttls, implicit, none", m.TLS)
	case (m.User == "") != (m.PasswordFile == ""):
		return errors.New("user and password_file go together")
	case m.User != "" && m.TLS == "none":
		return errors.New("a password does not go over a connection without TLS")
	}
	for _, a := range append([]string{m.From}, m.To...) {
		if _, err := mail.ParseAddress(a); err != nil {
			return fmt.Errorf("%q is no mail address", a)
		}
	}
	return nil
}

func (m Mail) address() string {
	port := m.Port
	switch {
	case port != 0:
	case m.TLS == "implicit":
		port = 465
	default:
		port = 587
	}
	return net.JoinHostPort(m.Host, strconv.Itoa(port))
}

func (m Mail) send(ctx context.Context, n Notice) error {
	c, err := m.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if m.User != "" {
		password, err := secret(m.PasswordFile)
		if err != nil {
			return err
		}
		if err := c.Auth(smtp.PlainAuth("", m.User, password, m.Host)); err != nil {
			return fmt.Errorf("log in: %w", err)
		}
	}
	from, _ := mail.ParseAddress(m.From) // checked
	if err := c.Mail(from.Address); err != nil {
		return err
	}
	for _, to := range m.To {
		a, _ := mail.ParseAddress(to) // checked
		if err := c.Rcpt(a.Address); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(m.message(n, time.Now())); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return c.Quit()
}

func (m Mail) dial(ctx context.Context) (*smtp.Client, error) {
	secure, err := m.tlsConfig()
	if err != nil {
		return nil, err
	}
	var conn net.Conn
	if m.TLS == "implicit" {
		conn, err = (&tls.Dialer{Config: secure}).DialContext(ctx, "tcp", m.address())
	} else {
		conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", m.address())
	}
	if err != nil {
		return nil, err
	}
	if until, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(until); err != nil {
			return nil, err
		}
	}
	c, err := smtp.NewClient(conn, m.Host)
	if err != nil {
		conn.Close()
		return nil, err
	}
	if m.TLS == "" || m.TLS == "starttls" {
		if err := c.StartTLS(secure); err != nil {
			c.Close()
			return nil, fmt.Errorf("start TLS: %w", err)
		}
	}
	return c, nil
}

func (m Mail) tlsConfig() (*tls.Config, error) {
	if m.CAFile == "" {
		return &tls.Config{ServerName: m.Host}, nil
	}
	data, err := os.ReadFile(m.CAFile)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, err
	}
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("%s holds no certificate", m.CAFile)
	}
	return &tls.Config{ServerName: m.Host, RootCAs: pool}, nil
}

func (m Mail) message(n Notice, now time.Time) []byte {
	var b bytes.Buffer
	for _, h := range [][2]string{
		{"From", m.From}, {"To", strings.Join(m.To, ", ")}, {"Subject", mime.QEncoding.Encode("utf-8", n.Subject())},
		{"Date", now.Format(time.RFC1123Z)}, {"MIME-Version", "1.0"}, {"Auto-Submitted", "auto-generated"},
		{"Content-Type", "text/plain; charset=utf-8"}, {"Content-Transfer-Encoding", "quoted-printable"},
	} {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], strings.NewReplacer("\r", "", "\n", "").Replace(h[1]))
	}
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(n.Body())) // into memory
	_ = w.Close()
	return b.Bytes()
}
