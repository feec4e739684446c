package trial

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/smtp"
	"strconv"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/internal/config"
)

// Mail hands one message for the address to over to the server that m names,
// with the encryption and the login that Sentry is going to use.
func Mail(ctx context.Context, m config.Mail, to string) error {
	if m.Host == "" {
		return errors.New("no mail server is named")
	}
	ctx, cancel := context.WithTimeout(ctx, 2*limit)
	defer cancel()
	conn, err := dial(ctx, m)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	c, err := smtp.NewClient(conn, m.Host)
	if err != nil {
		return fmt.Errorf("greet %s: %w", m.Host, err)
	}
	if err := enter(c, m); err != nil {
		return err
	}
	return send(c, sender(m), to)
}

func dial(ctx context.Context, m config.Mail) (net.Conn, error) {
	port := m.Port
	if port == 0 {
		port = 25
	}
	address := net.JoinHostPort(m.Host, strconv.Itoa(port))
	var conn net.Conn
	var err error
	if m.UseSSL {
		conn, err = (&tls.Dialer{Config: secure(m)}).DialContext(ctx, "tcp", address)
	} else {
		conn, err = new(net.Dialer).DialContext(ctx, "tcp", address)
	}
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	return conn, nil
}

func secure(m config.Mail) *tls.Config {
	return &tls.Config{ServerName: m.Host, MinVersion: tls.VersionTLS12}
}

// enter begins encryption and logs in.
func enter(c *smtp.Client, m config.Mail) error {
	if m.UseTLS {
		if err := c.StartTLS(secure(m)); err != nil {
			return fmt.Errorf("begin STARTTLS: %w", err)
		}
	}
	if m.Username == "" {
		return nil
	}
	if err := c.Auth(smtp.PlainAuth("", m.Username, m.Password.Reveal(), m.Host)); err != nil {
		return fmt.Errorf("log in as %s: %w", m.Username, err)
	}
	return nil
}

func sender(m config.Mail) string {
	if a, err := mail.ParseAddress(m.From); err == nil {
		return a.Address
	}
	return "root@localhost" // Sentry's own default
}

func send(c *smtp.Client, from, to string) error {
	if err := c.Mail(from); err != nil {
		return fmt.Errorf("send as %s: %w", from, err)
	}
	if err := c.Rcpt(to); err != nil {
		return fmt.Errorf("send to %s: %w", to, err)
	}
	w, err := c.Data()
	if err != nil {
		return fmt.Errorf("send the message: %w", err)
	}
	text := []string{
		"From: " + from, "To: " + to, "Subject: Test message for Sentry", "Date: " + time.Now().Format(time.RFC1123Z),
		"", "Mail for this Sentry works: sentryctl sent this message with the settings that Sentry gets.", "",
	}
	if _, err := w.Write([]byte(strings.Join(text, "\r\n"))); err != nil {
		return fmt.Errorf("send the message: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("send the message: %w", err)
	}
	return c.Quit()
}
