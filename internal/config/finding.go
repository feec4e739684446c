package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// Severity says how much a finding matters.
type Severity string

// The severities: an error stops what is being done, a warning does not.
const (
	Err  Severity = "error"
	Warn Severity = "warn"
	Info Severity = "info"
)

// Finding is one thing that is wrong or worth knowing about answers or files.
// Its text never holds a secret.
type Finding struct {
	ID       string   `json:"id"` // stable, kebab-case
	Severity Severity `json:"severity"`
	File     string   `json:"file,omitempty"`
	Line     int      `json:"line,omitempty"` // 1-based; 0 when it is about no line
	Key      string   `json:"key,omitempty"`
	Text     string   `json:"text"`
	Hint     string   `json:"hint,omitempty"`
	Mine     string   `json:"mine,omitempty"`   // of a conflict: what stands in the file
	Theirs   string   `json:"theirs,omitempty"` // and what the answers say
}

// Error returns "file:line: text".
func (f Finding) Error() string {
	var b strings.Builder
	if f.File != "" {
		b.WriteString(f.File)
		if f.Line > 0 {
			fmt.Fprintf(&b, ":%d", f.Line)
		}
		b.WriteString(": ")
	}
	b.WriteString(f.Text)
	for _, side := range [][2]string{{"yours", f.Mine}, {"answers", f.Theirs}} {
		for line := range strings.Lines(side[1]) {
			fmt.Fprintf(&b, "\n    %-8s %s", side[0], strings.TrimRight(line, "\r\n"))
		}
	}
	return b.String()
}

// findings collects what is wrong, so that an admin sees all of it at once.
type findings []Finding

func (fs findings) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives errors.As each finding.
func (fs findings) Unwrap() []error {
	out := make([]error, len(fs))
	for i, f := range fs {
		out[i] = f
	}
	return out
}

// err returns a usage fault that holds every finding of severity error, or nil.
func (fs findings) err(doing string) error {
	bad, _ := fs.split()
	if len(bad) == 0 {
		return nil
	}
	hint := bad[0].Hint
	if len(bad) > 1 {
		return fault.New(fault.Usage, hint, "%s: %d problems:\n%w", doing, len(bad), bad)
	}
	return fault.New(fault.Usage, hint, "%s: %w", doing, bad)
}

func (fs findings) split() (bad, rest findings) {
	for _, f := range fs {
		if f.Severity == Err {
			bad = append(bad, f)
		} else {
			rest = append(rest, f)
		}
	}
	return bad, rest
}

// FindingsOf returns the findings that an error is made of, nil when it has
// none.
func FindingsOf(err error) []Finding {
	var all findings
	if errors.As(err, &all) {
		return all
	}
	return nil
}
