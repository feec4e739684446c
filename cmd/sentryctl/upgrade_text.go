package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/ui/format"
	"github.com/sentryctl/sentryctl/internal/upgrade/plan"
)

// planWidth is how wide a plan is written, and planLabel the width of the
// column on its left.
const (
	planWidth = 100
	planLabel = 11
)

// planWriter writes labelled, wrapped lines.
type planWriter struct{ b strings.Builder }

// line writes text under a label; what does not fit stands below, indented.
func (w *planWriter) line(label, text string) {
	indent := ""
	for _, l := range format.Wrap(text, planWidth-planLabel-5) {
		fmt.Fprintf(&w.b, "   %-*s%s%s\n", planLabel, label, indent, l)
		label, indent = "", "  "
	}
}

// writePlan tells a person the plan.
func writePlan(out io.Writer, p plan.Plan) error {
	w := &planWriter{}
	switch n := len(p.Hops); n {
	case 0:
		fmt.Fprintf(&w.b, "Nothing to do: %s\n", p.Notes[0])
	default:
		fmt.Fprintf(&w.b, "Upgrade %s to %s: %s, about %s of downtime\n", p.From, p.To, plural(n, "hop"), format.About(p.DowntimeNS))
		for i, h := range p.Hops {
			w.hop(i+1, h)
		}
		w.whole(p)
	}
	_, err := io.WriteString(out, w.b.String())
	return err
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (w *planWriter) hop(n int, h plan.Hop) {
	fmt.Fprintf(&w.b, "\n%d. %s -> %s", n, h.From, h.To)
	if h.Cause != plan.Target {
		fmt.Fprintf(&w.b, "  (%s)", strings.ReplaceAll(string(h.Cause), "-", " "))
	}
	w.b.WriteString("\n")
	if h.Why != "" {
		w.line("why", h.Why)
	}
	label := "engines"
	for _, e := range ladders(h.Rungs) {
		w.line(label, e)
		label = ""
	}
	listed(w, "config", h.Config, demandText)
	listed(w, "issues", h.Issues, issueText)
	w.change("volumes", h.Volumes, "new", "no longer used")
	w.services(h.Services)
	listed(w, "note", h.Notes, func(s string) string { return s })
	w.line("downtime", fmt.Sprintf("about %s (%s)", format.About(h.Downtime.NS), h.Downtime.Basis))
}

// listed writes each item, the first under the label. The further lines of an
// item are indented.
func listed[T any](w *planWriter, label string, items []T, text func(T) string) {
	for _, item := range items {
		head, more, _ := strings.Cut(text(item), "\n")
		w.line(label, head)
		for _, l := range wrapSome(more) {
			fmt.Fprintf(&w.b, "   %-*s  %s\n", planLabel, "", l)
		}
		label = ""
	}
}

func wrapSome(text string) []string {
	if text == "" {
		return nil
	}
	return format.Wrap(text, planWidth-planLabel-5)
}

func demandText(d catalog.Demand) string {
	place := strings.TrimSpace(d.File + " " + d.Setting)
	return fmt.Sprintf("%s: %s", place, d.Want)
}

// issueText says what happens, when, and what to do about it.
func issueText(i plan.Issue) string {
	head := map[string]string{"block": "fails", "warn": "warning", "info": "know"}[i.Severity]
	when := "if: " + i.When
	if i.Hit == "yes" {
		when = "this site is hit: " + i.When
	}
	return fmt.Sprintf("%s: %s\n%s\ndo: %s\nsee: %s", head, i.Title, when, i.Around, i.Source)
}

// ladders joins the rungs of one engine: "ClickHouse 21.8 -> 22.8 -> 23.3".
func ladders(rungs []plan.Rung) []string {
	var texts []string
	var engine string
	for _, r := range rungs {
		if r.Engine != engine {
			engine = r.Engine
			name := map[string]string{catalog.ClickHouse: "ClickHouse", catalog.PostgreSQL: "PostgreSQL"}[engine]
			texts = append(texts, name+" "+catalog.Series(engine, r.From))
		}
		texts[len(texts)-1] += " -> " + catalog.Series(engine, r.To)
	}
	return texts
}

func (w *planWriter) change(label string, c plan.Change, added, removed string) {
	if len(c.Added) > 0 {
		w.line(label, fmt.Sprintf("%d %s: %s", len(c.Added), added, strings.Join(c.Added, ", ")))
		label = ""
	}
	if len(c.Removed) > 0 {
		w.line(label, fmt.Sprintf("%d %s: %s", len(c.Removed), removed, strings.Join(c.Removed, ", ")))
	}
}

// services names what went, which an override file may still speak of. What
// is new only counts; the JSON output names it.
func (w *planWriter) services(c plan.Change) {
	var texts []string
	if n := len(c.Added); n > 0 {
		texts = append(texts, fmt.Sprintf("%d new", n))
	}
	if n := len(c.Removed); n > 0 {
		texts = append(texts, fmt.Sprintf("%d gone: %s", n, strings.Join(c.Removed, ", ")))
	}
	if len(texts) > 0 {
		w.line("services", strings.Join(texts, "; "))
	}
}

// whole says what concerns the path as such.
func (w *planWriter) whole(p plan.Plan) {
	w.b.WriteString("\n")
	n := p.Needs
	w.line("needs", fmt.Sprintf("%d CPUs, %d MiB of memory, %d GiB of free disk, Docker Engine %s", n.CPUs, n.RAMMiB, n.DiskGiB, n.Engine))
	if len(n.Shortages) > 0 {
		w.line("", "this machine has too little: "+strings.Join(n.Shortages, ", "))
	}
	w.line("images", imagesText(p.Hops))
	w.line("room", roomText(p.Space))
	for _, note := range p.Notes {
		w.line("note", note)
	}
}

func imagesText(hops []plan.Hop) string {
	var unknown []string
	var bytes int64
	count, unsized := 0, 0
	var here plan.Here
	for _, h := range hops {
		if !h.Images.Known {
			unknown = append(unknown, h.To.String())
		}
		count, bytes, unsized = count+len(h.Images.Pull), bytes+h.Images.Bytes, unsized+h.Images.Unsized
		here.Count, here.Bytes = here.Count+h.Images.Here.Count, here.Bytes+h.Images.Here.Bytes
	}
	text := plural(count, "image") + " to pull"
	if bytes > 0 {
		text += ", " + format.Bytes(bytes)
	}
	if unsized > 0 {
		text += fmt.Sprintf(", %d of unknown size", unsized)
	}
	if here.Count > 0 {
		text += fmt.Sprintf("; %d are here, %s", here.Count, format.Bytes(here.Bytes))
	}
	if len(unknown) > 0 {
		text += "; and those of " + strings.Join(unknown, ", ") + ", which are known once the release is here"
	}
	return text
}

func roomText(s plan.Space) string {
	var unknown []string
	for _, p := range s.Parts {
		if p.Bytes < 0 {
			unknown = append(unknown, p.What)
		}
	}
	var texts []string
	if s.Known > 0 {
		texts = append(texts, format.Bytes(s.Known))
	}
	if s.Free >= 0 {
		texts = append(texts, format.Bytes(s.Free)+" are free")
	}
	if len(unknown) > 0 {
		texts = append(texts, "not known: "+strings.Join(unknown, ", "))
	}
	return strings.Join(texts, "; ")
}
