package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/sentryctl/sentryctl/internal/config"
)

// writeFindings shows what is wrong, one finding after the other.
func writeFindings(w io.Writer, found []config.Finding) {
	for _, f := range found {
		fmt.Fprintf(w, "%-5s  %s\n", severityWord(f.Severity), f.Error())
		if f.Hint != "" {
			fmt.Fprintf(w, "       %s\n", indent(f.Hint))
		}
	}
}

func severityWord(s config.Severity) string {
	switch s {
	case config.Err:
		return "error"
	case config.Warn:
		return "warn"
	default:
		return "note"
	}
}

// warnOf shows what is wrong on stderr, or nothing where JSON is read. Notes
// are left to validate.
func (a *app) warnOf(found []config.Finding) {
	if a.jsonOut() {
		return
	}
	writeFindings(a.stderr, slices.DeleteFunc(slices.Clone(found), func(f config.Finding) bool { return f.Severity == config.Info }))
}

// without returns the findings that are not among others, told by what they say.
func without(found, others []config.Finding) []config.Finding {
	known := map[string]bool{}
	for _, f := range others {
		known[f.ID+f.Error()] = true
	}
	out := []config.Finding{}
	for _, f := range found {
		if !known[f.ID+f.Error()] {
			known[f.ID+f.Error()] = true
			out = append(out, f)
		}
	}
	return out
}
