package catalog

import "github.com/sentryctl/sentryctl/internal/calver"

// Demand is something that a release asks of an existing site which the one
// before it did not.
type Demand struct {
	ID      string         `yaml:"id" json:"id"`
	Version calver.Version `yaml:"version" json:"version"`                // the first release that asks
	Until   calver.Version `yaml:"until,omitempty" json:"until,omitzero"` // the last one, in this form
	Kind    string         `yaml:"kind" json:"kind"`                      // config, env, volume, image or action
	File    string         `yaml:"file,omitempty" json:"file,omitempty"`
	Setting string         `yaml:"setting" json:"setting"`
	Want    string         `yaml:"want" json:"want"`
	Why     string         `yaml:"why" json:"why"`
	Profile string         `yaml:"profile,omitempty" json:"profile,omitempty"` // "" for every one
	Source  string         `yaml:"source" json:"source"`
}

// Issue is something known to go wrong between two versions. Severity is
// block, warn or info.
type Issue struct {
	ID       string         `yaml:"id" json:"id"`
	Title    string         `yaml:"title" json:"title"`
	Severity string         `yaml:"severity" json:"severity"`
	From     calver.Range   `yaml:"from" json:"from"`
	To       calver.Range   `yaml:"to" json:"to"`
	When     string         `yaml:"when" json:"when"`
	Around   string         `yaml:"around" json:"around"`
	Stop     calver.Version `yaml:"stop,omitempty" json:"stop,omitzero"` // a hop that avoids it
	Query    *Query         `yaml:"query,omitempty" json:"query,omitempty"`
	Source   string         `yaml:"source" json:"source"`
	Also     []string       `yaml:"also,omitempty" json:"also,omitempty"`
}

// Query asks a store of the site; a number above zero means that it is hit.
type Query struct {
	Store string `yaml:"store" json:"store"`
	SQL   string `yaml:"sql" json:"sql"`
}

// Demands returns what holds at to and did not yet hold at from. A zero from
// is a new site: everything that holds at to.
func (c *Catalog) Demands(from, to calver.Version) []Demand {
	var list []Demand
	for _, d := range c.doc.Demands {
		holds := calver.Range{Since: d.Version, Until: d.Until}
		if holds.Contains(to) && from.Less(d.Version) {
			list = append(list, d)
		}
	}
	return list
}

// Issues returns what is known of the hop between two versions.
func (c *Catalog) Issues(from, to calver.Version) []Issue {
	var list []Issue
	for _, i := range c.doc.Issues {
		if i.From.Contains(from) && i.To.Contains(to) {
			list = append(list, i)
		}
	}
	return list
}
