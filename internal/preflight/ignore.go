package preflight

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// Ignore is a set of checks that the admin has waived.
type Ignore map[ID]bool

func (i Ignore) has(id ID) bool { return i[id] }

// ParseIgnore reads the values of --ignore. An ID that does not exist gives a
// usage fault with the nearest names; one of a strict check says why not.
func ParseIgnore(values []string) (Ignore, error) {
	ignore := Ignore{}
	for _, v := range values {
		for _, name := range strings.Split(v, ",") {
			id := ID(strings.TrimSpace(name))
			if id == "" {
				continue
			}
			if err := ignorable(id); err != nil {
				return nil, err
			}
			ignore[id] = true
		}
	}
	return ignore, nil
}

func ignorable(id ID) error {
	checks := Checks()
	i := slices.IndexFunc(checks, func(c Check) bool { return c.ID == id })
	if i < 0 {
		return fault.New(fault.Usage, "Did you mean: "+strings.Join(nearest(id, checks), ", ")+"?", "no check is named %q", id).WithDoc("docs/preflight.md")
	}
	if checks[i].Strict {
		return fault.New(fault.Usage, fmt.Sprintf("Repair what it found (docs/preflight.md#%s); the nearest checks that can be ignored: %s", id, strings.Join(nearest(id, ignorables(checks)), ", ")),
			"check %q is strict and cannot be ignored", id).WithDoc("docs/preflight.md#" + string(id))
	}
	return nil
}

func ignorables(checks []Check) []Check {
	return slices.DeleteFunc(slices.Clone(checks), func(c Check) bool { return c.Strict })
}

// nearest returns the three checks whose names a person may have meant.
func nearest(id ID, checks []Check) []string {
	ranked := slices.Clone(checks)
	slices.SortStableFunc(ranked, func(a, b Check) int {
		return cmp.Compare(unlike(id, a.ID), unlike(id, b.ID))
	})
	var names []string
	for _, c := range ranked[:min(3, len(ranked))] {
		names = append(names, string(c.ID))
	}
	return names
}

// unlike measures how far two names are apart; a shared part ("ram" in
// "ram-size") counts more than a few edited letters.
func unlike(a, b ID) int {
	d := levenshtein.ComputeDistance(string(a), string(b))
	if strings.Contains(string(b), string(a)) || strings.Contains(string(a), string(b)) {
		d -= 20
	}
	return d
}
