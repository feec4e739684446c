package catalog

import (
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/calver"
)

// The data engines whose own versions follow a ladder.
const (
	ClickHouse = "clickhouse"
	PostgreSQL = "postgresql"
)

// Rung is one version of a data engine and the image that carries it.
type Rung struct {
	Version string `yaml:"version" json:"version"`
	Image   string `yaml:"image" json:"image"`
}

// EngineImage is what a range of releases runs. Arm64, where set, is what they
// run on that architecture instead.
type EngineImage struct {
	Engine       string `yaml:"engine" json:"engine"`
	calver.Range `yaml:",inline"`
	Rung         `yaml:",inline"`
	Arm64        *Rung  `yaml:"arm64,omitempty" json:"arm64,omitempty"`
	Source       string `yaml:"source" json:"source"`
}

// Walk leads data of one series to what a range of releases carries: every
// rung is started on the data in turn.
type Walk struct {
	Engine       string `yaml:"engine" json:"engine"`
	From         string `yaml:"from" json:"from"` // a series, see Series
	calver.Range `yaml:",inline"`
	Rungs        []Rung `yaml:"rungs" json:"rungs"`
	Source       string `yaml:"source" json:"source"`
}

// Engines is what one release runs; 9.1.2 has no ClickHouse.
type Engines struct {
	ClickHouse EngineImage `json:"clickhouse"`
	PostgreSQL EngineImage `json:"postgresql"`
}

// Engines returns the data engines that v carries. For a version that is
// newer than the catalog they are those of the newest release.
func (c *Catalog) Engines(v calver.Version) Engines {
	var e Engines
	e.ClickHouse, _ = c.engine(ClickHouse, v)
	e.PostgreSQL, _ = c.engine(PostgreSQL, v)
	return e
}

func (c *Catalog) engine(name string, v calver.Version) (EngineImage, bool) {
	v = c.atMostNewest(v)
	return find(c.doc.Images, func(i EngineImage) bool { return i.Engine == name && i.Contains(v) })
}

// Ladder returns every walk of an engine, in the order of releases.
func (c *Catalog) Ladder(engine string) []Walk {
	return slices.DeleteFunc(slices.Clone(c.doc.Walks), func(w Walk) bool { return w.Engine != engine })
}

// Walk returns the way from data of the given version of an engine to what
// release v carries. None is needed where both are of one series; ok false
// means that another release must come first.
func (c *Catalog) Walk(engine, data string, v calver.Version) (rungs []Rung, ok bool) {
	v = c.atMostNewest(v)
	series := Series(engine, data)
	now, _ := c.engine(engine, v)
	if Series(engine, now.Version) == series || now.Arm64 != nil && Series(engine, now.Arm64.Version) == series {
		return nil, true
	}
	w, ok := find(c.doc.Walks, func(w Walk) bool { return w.Engine == engine && w.From == series && w.Contains(v) })
	return w.Rungs, ok
}

// Series returns the part of an engine's version within which its data needs
// no rung: "23.8" of ClickHouse 23.8.11.29, "14" of PostgreSQL 14.5, "9.6" of
// PostgreSQL 9.6.24 (up to 9.6 two numbers made a major version).
func Series(engine, version string) string {
	first, rest, _ := strings.Cut(version, ".")
	second, _, _ := strings.Cut(rest, ".")
	if second == "" || engine == PostgreSQL && first != "9" {
		return first
	}
	return first + "." + second
}
