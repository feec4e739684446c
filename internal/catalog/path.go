package catalog

import (
	"slices"

	"github.com/sentryctl/sentryctl/internal/calver"
)

// Stop is a hard stop: a version that no upgrade path may jump over.
type Stop struct {
	Version calver.Version `yaml:"version" json:"version"`
	Why     string         `yaml:"why" json:"why"`
	Source  string         `yaml:"source" json:"source"`
}

// Avoided is a version that should be neither target nor hop.
type Avoided struct {
	Version calver.Version `yaml:"version" json:"version"`
	Instead calver.Version `yaml:"instead" json:"instead"`
	Why     string         `yaml:"why" json:"why"`
	Source  string         `yaml:"source" json:"source"`
}

// Step is one step of upstream's installer and the releases that have it.
type Step struct {
	Name         string `yaml:"name" json:"name"`
	calver.Range `yaml:",inline"`
	Source       string `yaml:"source" json:"source"`
}

// Stops returns the hard stops, oldest first.
func (c *Catalog) Stops() []Stop { return slices.Clone(c.doc.Stops) }

// HardStop tells whether and why no path may jump over v.
func (c *Catalog) HardStop(v calver.Version) (Stop, bool) {
	return find(c.doc.Stops, func(s Stop) bool { return s.Version == v })
}

// Avoid tells whether and why v should not be installed.
func (c *Catalog) Avoid(v calver.Version) (Avoided, bool) {
	return find(c.doc.Avoid, func(a Avoided) bool { return a.Version == v })
}

// Steps returns the names of the steps of upstream's installer at v.
func (c *Catalog) Steps(v calver.Version) []string {
	var list []string
	for _, s := range c.doc.Steps {
		if s.Contains(v) {
			list = append(list, s.Name)
		}
	}
	return list
}

func find[T any](rows []T, is func(T) bool) (T, bool) {
	if i := slices.IndexFunc(rows, is); i >= 0 {
		return rows[i], true
	}
	var none T
	return none, false
}
