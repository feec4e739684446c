package tool

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// probeTimeout is how long a health check's request may take.
const probeTimeout = 5 * time.Second

var (
	removeCall = regexp.MustCompile(`os\.(?:remove|unlink)\(['"]([^'"]+)['"]\)`)
	urlText    = regexp.MustCompile(`['" ](https?://[^'"\s]+)`)
)

// Python knows the programs that upstream's health checks hand to python3: one
// that removes a consumer's health file, and one that wants "ok" from a URL.
// Both come as text after -c or as a file.
func Python(ctx context.Context, p *proc.Proc) error {
	if len(p.Args) == 1 && (p.Args[0] == "--version" || p.Args[0] == "-V") {
		p.Printf("Python 3.13.0 (stand-in)\n")
		return nil
	}
	text, err := pythonText(p)
	if err != nil {
		return err
	}
	if m := removeCall.FindStringSubmatch(text); m != nil {
		return remove(m[1])
	}
	if strings.Contains(text, "urlopen") {
		target := p.Getenv("SNUBA_API_HEALTHCHECK_URL")
		if m := urlText.FindStringSubmatch(text); target == "" && m != nil {
			target = m[1]
		}
		return probe(ctx, target)
	}
	return proc.Exit(1, "python3: this stand-in knows only upstream's health checks")
}

func pythonText(p *proc.Proc) (string, error) {
	switch {
	case len(p.Args) >= 2 && p.Args[0] == "-c":
		return p.Args[1], nil
	case len(p.Args) == 0 || p.Args[0] == "-":
		data, err := io.ReadAll(p.Stdin)
		return string(data), err
	}
	data, err := os.ReadFile(p.Args[0])
	if err != nil {
		return "", proc.Exit(2, "python3: can't open file %q: %v", p.Args[0], err)
	}
	return string(data), nil
}

func remove(path string) error {
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return proc.Exit(1, "consumer heartbeat file missing: %s", path)
	}
	if err != nil {
		return proc.Exit(1, "%v", err)
	}
	return nil
}

func probe(ctx context.Context, target string) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return proc.Exit(1, "%v", err)
	}
	resp, err := (&http.Client{Transport: &http.Transport{}}).Do(req)
	if err != nil {
		return proc.Exit(1, "unreachable: %v", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil || resp.StatusCode >= 400 || !strings.Contains(string(body), "ok") {
		return proc.Exit(1, "%s answered %d without ok", target, resp.StatusCode)
	}
	return nil
}
