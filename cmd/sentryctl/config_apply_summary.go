package main

import (
	"fmt"
	"strings"

	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/ui/format"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// showApplied says what was done; nothing is a result too.
func (a *app) showApplied(p *applyPlan, touched []workload.Touch, o step.Outcome) error {
	files := append([]string{}, config.Paths(p.changes)...)
	if a.jsonOut() {
		return a.writeJSON(struct {
			Type      string           `json:"type"`
			Changed   bool             `json:"changed"`
			Resumed   bool             `json:"resumed"`
			Files     []string         `json:"files"`
			Services  []workload.Touch `json:"touched"`
			Stopped   bool             `json:"stopped"`
			ElapsedMs int64            `json:"elapsed_ms"`
		}{"result", o.Changed, o.Resumed, files, append([]workload.Touch{}, touched...), p.services.stopped, o.Elapsed.Milliseconds()})
	}
	_, err := fmt.Fprint(a.stdout, appliedText(p, files, touched, o))
	return err
}

func appliedText(p *applyPlan, files []string, touched []workload.Touch, o step.Outcome) string {
	if !o.Changed {
		text := "Nothing to apply: files and services are as the answers say.\n"
		if p.services.stopped {
			text = "Nothing to apply: the files are as the answers say, and the site is stopped.\n"
		}
		return text
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nApplied in %s", format.Elapsed(o.Elapsed))
	if len(files) > 0 {
		fmt.Fprintf(&b, ": %s", strings.Join(files, ", "))
	}
	b.WriteString(".\n")
	if p.services.stopped {
		return b.String() + "The site is stopped; the change counts from its next start.\n"
	}
	for _, how := range []struct {
		how  workload.How
		word string
	}{{workload.Create, "created"}, {workload.Recreate, "recreated"}, {workload.Restart, "restarted"}} {
		var names []string
		for _, t := range touched {
			if t.How == how.how {
				names = append(names, t.Service)
			}
		}
		if len(names) > 0 {
			fmt.Fprintf(&b, "  %-9s  %s\n", how.word, strings.Join(names, ", "))
		}
	}
	if len(touched) == 0 {
		b.WriteString("  No service had to be restarted.\n")
	}
	if len(files) > 0 {
		fmt.Fprintf(&b, "  The files as they were: %s\n", p.site.Own("previous"))
	}
	return b.String()
}
