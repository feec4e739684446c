package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/sentryctl/sentryctl/internal/upgrade/adopt"
)

// tellAdoption writes what was found and done.
func (a *app) tellAdoption(r adoption) error {
	if !a.jsonOut() {
		return r.write(a.stdout)
	}
	if err := a.writeJSON(r); err != nil {
		return err
	}
	return a.writeJSON(struct {
		Type    string `json:"type"`
		Changed bool   `json:"changed"`
	}{"result", r.Adopted})
}

func (r adoption) write(out io.Writer) error {
	w := &planWriter{}
	head := "Adopted Sentry %s in %s\n"
	if !r.Adopted {
		head = "Found Sentry %s in %s; nothing was written\n"
	}
	fmt.Fprintf(&w.b, head, r.Version, r.Site)
	w.line("project", r.Project)
	listed(w, "witnesses", r.Witnesses, adopt.Witness.String)
	if r.Moving != "" {
		w.line("images", fmt.Sprintf("%s, which is no release: no upgrade can be planned from here", r.Moving))
	}
	listed(w, "against", r.Against, adopt.Witness.String)
	for _, kind := range []adopt.What{adopt.Changed, adopt.Missing, adopt.Added, adopt.Made} {
		if paths := r.paths(kind); len(paths) > 0 {
			w.line(string(kind), strings.Join(paths, ", "))
		}
	}
	listed(w, "note", r.Notes, func(s string) string { return s })
	if r.Adopted {
		fmt.Fprintf(&w.b, "\nNext\n  is it well:    sentryctl health --site %s\n  where it goes: sentryctl upgrade --plan --site %s\n", r.Site, r.Site)
	}
	_, err := io.WriteString(out, w.b.String())
	return err
}

func (r adoption) paths(kind adopt.What) []string {
	var list []string
	for _, c := range r.Drift {
		if c.What == kind {
			list = append(list, c.Path)
		}
	}
	return list
}
