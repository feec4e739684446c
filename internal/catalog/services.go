package catalog

import (
	"slices"

	"github.com/sentryctl/sentryctl/internal/calver"
)

// ServiceSet says how the services of a release differ from those of the one
// before it. Count is how many there are then.
type ServiceSet struct {
	Version calver.Version `yaml:"version" json:"version"`
	Count   int            `yaml:"count" json:"count"`
	Added   []string       `yaml:"added,omitempty" json:"added,omitempty"`
	Removed []string       `yaml:"removed,omitempty" json:"removed,omitempty"`
	Source  string         `yaml:"source" json:"source"`
}

// Services returns the names of the services of v, over all profiles, sorted.
func (c *Catalog) Services(v calver.Version) []string {
	return servicesAt(c.doc.Services, v)
}

func servicesAt(rows []ServiceSet, v calver.Version) []string {
	var have []string
	for _, row := range rows {
		if v.Less(row.Version) {
			break
		}
		have = slices.DeleteFunc(have, func(s string) bool { return slices.Contains(row.Removed, s) })
		have = append(have, row.Added...)
	}
	slices.Sort(have)
	return have
}

// ServicesChanged returns what comes and what goes on the way between two
// versions.
func (c *Catalog) ServicesChanged(from, to calver.Version) (added, removed []string) {
	before, after := c.Services(from), c.Services(to)
	return without(after, before), without(before, after)
}

func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}

// services wants rows in the order of versions whose counts come out.
func (c *checker) services(rows []ServiceSet) {
	for i, s := range rows {
		row := "services of " + s.Version.String()
		c.filled(row, "source", s.Source)
		c.version(row, s.Version)
		if i > 0 && !rows[i-1].Version.Less(s.Version) {
			c.bad(row, "stands after %s", rows[i-1].Version)
		}
		if n := len(servicesAt(rows[:i+1], s.Version)); n != s.Count {
			c.bad(row, "count is %d, the rows up to here make %d", s.Count, n)
		}
	}
}
