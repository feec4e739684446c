package wizard

import (
	"strings"

	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/ui/format"
)

// summary says what was answered, what is odd about it, what is going to run
// and what the files are going to be.
func (d *draft) summary() []string {
	a, err := d.answers()
	if err != nil {
		return []string{"✗ " + err.Error()}
	}
	out := d.answered()
	for _, f := range config.Validate(a, d.in.Version) {
		mark := "! "
		if f.Severity == config.Err {
			mark = "✗ "
		}
		out = append(out, mark+f.Text)
		if f.Hint != "" {
			out = append(out, "  "+f.Hint)
		}
	}
	if d.in.Runs != nil {
		out = append(out, "", "What will be done")
		for _, line := range d.in.Runs(a) {
			out = append(out, "  "+line)
		}
	}
	return append(out, d.preview(a)...)
}

// answered lists the answers of the pages that were asked.
func (d *draft) answered() []string {
	var out []string
	for _, p := range d.pages() {
		for _, q := range d.questions(p) {
			value := d.shownValue(q)
			silent := q.kind == pick && (d.get(q.id) == "" || d.get(q.id) == "release")
			if value != "" && !silent && !q.aside && q.kind != action {
				out = append(out, row(q.label, format.Clean(value)))
			}
		}
	}
	return out
}

// shownValue is a value as it may be shown: never a secret.
func (d *draft) shownValue(q question) string {
	v := d.get(q.id)
	switch {
	case q.kind == secret && v != "":
		return "••••••••"
	case q.kind == secret && d.keeps(q):
		return "as it is"
	case q.kind == pick:
		return q.labelOf(v)
	}
	return v
}

func (d *draft) preview(a config.Answers) []string {
	if d.in.Preview == nil {
		return nil
	}
	diff, err := d.in.Preview(a)
	switch {
	case err != nil:
		return []string{"", "✗ " + err.Error()}
	case strings.TrimSpace(diff) == "":
		return []string{"", "No file changes."}
	}
	out := []string{"", "Changes to files"}
	for line := range strings.Lines(diff) {
		out = append(out, strings.TrimRight(format.Clean(strings.TrimRight(line, "\n")), " "))
	}
	return out
}
