package clickhouse

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// Client is clickhouse-client: statements of --query, or of stdin, over HTTP.
func Client(ctx context.Context, p *proc.Proc) error {
	f := proc.ParseFlags(p.Args, "multiquery", "n", "multiline", "m", "time", "t", "version", "V", "secure")
	if f.Has("version", "V") {
		p.Printf("ClickHouse client version %s.\n", p.Env("STANDIN_CLICKHOUSE_VERSION", defaultVersion))
		return nil
	}
	text := strings.Join(append(f.All("query"), f.All("q")...), ";\n")
	var body string
	if text == "" || readsRows(text) {
		data, err := io.ReadAll(p.Stdin)
		if err != nil {
			return fmt.Errorf("read stdin: %w", err)
		}
		body = string(data)
	}
	if text == "" {
		text, body = body, ""
	}
	c := Conn{Host: cmp.Or(f.Get("host", "h"), "localhost"), Database: f.Get("database", "d"), Format: f.Get("format", "f")}
	for _, sql := range split(text) {
		out, err := c.Query(ctx, sql, body)
		if err != nil {
			return clientExit(err)
		}
		if _, err := p.Stdout.Write(out); err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
	return nil
}

// readsRows says whether the one statement is an INSERT without its rows.
func readsRows(text string) bool {
	st, err := parse(text)
	return err == nil && st.verb == "INSERT" && strings.TrimSpace(st.data) == ""
}

func clientExit(err error) error {
	code := 210 // NETWORK_ERROR
	if _, rest, ok := strings.Cut(err.Error(), "Code: "); ok {
		digits, _, _ := strings.Cut(rest, ".")
		if n, perr := strconv.Atoi(digits); perr == nil {
			code = n
		}
	}
	return proc.Exit(code%256, "%v", err)
}

// Conn asks a server over HTTP.
type Conn struct {
	Host     string // name, or name:port for another port than 8123
	Database string
	Format   string
}

// Query runs one statement; rows of an INSERT go in body. The error of a
// statement that failed has the server's own text.
func (c Conn) Query(ctx context.Context, sql, body string) ([]byte, error) {
	host := c.Host
	if _, _, err := net.SplitHostPort(host); err != nil {
		host = net.JoinHostPort(host, "8123")
	}
	q := url.Values{"database": {cmp.Or(c.Database, "default")}}
	if c.Format != "" {
		q.Set("default_format", c.Format)
	}
	if body == "" {
		body = sql
	} else {
		q.Set("query", sql)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+host+"/?"+q.Encode(), strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("clickhouse: %w", err)
	}
	resp, err := direct.Do(req)
	if err != nil {
		return nil, fmt.Errorf("clickhouse: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("clickhouse: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("received exception from server: %s", strings.TrimSpace(string(answer)))
	}
	return answer, nil
}

// direct asks no proxy: ClickHouse is always in the stack's own network.
var direct = &http.Client{Transport: &http.Transport{}}

// HostOf is the ClickHouse that the environment names.
func HostOf(getenv func(string) string) string {
	return cmp.Or(getenv("CLICKHOUSE_HOST"), "clickhouse")
}
