package catalog

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sentryctl/sentryctl/internal/calver"
)

// validate returns everything that is wrong, so that one look mends a file.
func (d document) validate() error {
	if d.Format != format {
		return fmt.Errorf("no file names format: %d", format)
	}
	if len(d.Versions) == 0 {
		return errors.New("no versions")
	}
	c := checker{known: map[calver.Version]bool{}}
	c.versions(d.Versions)
	c.path(d)
	c.engines(d)
	c.needs(d)
	c.hops(d)
	c.services(d.Services)
	return errors.Join(c.errs...)
}

type checker struct {
	known  map[calver.Version]bool
	newest calver.Version
	errs   []error
}

func (c *checker) bad(row, format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("%s: %s", row, fmt.Sprintf(format, args...)))
}

// filled wants every named field of a row to hold something.
func (c *checker) filled(row string, fields ...string) {
	for i := 0; i+1 < len(fields); i += 2 {
		if fields[i+1] == "" {
			c.bad(row, "%s is missing", fields[i])
		}
	}
}

func (c *checker) version(row string, v calver.Version) {
	if !c.known[v] {
		c.bad(row, "version %q is not among the versions", v)
	}
}

// ends wants a range to be in order and to end at known versions, or at such
// as are still to come.
func (c *checker) ends(row string, r calver.Range) {
	for _, v := range []calver.Version{r.Since, r.Until} {
		if !v.IsZero() && !c.newest.Less(v) {
			c.version(row, v)
		}
	}
	if !r.Until.IsZero() && r.Until.Less(r.Since) {
		c.bad(row, "the range ends at %s, before it begins at %s", r.Until, r.Since)
	}
}

func (c *checker) versions(list []Release) {
	for _, r := range list {
		row := "version " + r.Version.String()
		c.filled(row, "source", r.Source, "version", r.Version.String())
		if c.known[r.Version] {
			c.bad(row, "stands there twice")
		}
		c.known[r.Version] = true
		if c.newest.Less(r.Version) {
			c.newest = r.Version
		}
		if _, err := time.Parse(time.DateOnly, r.Date); err != nil {
			c.bad(row, "date %q is not of the form 2025-10-15", r.Date)
		}
	}
}

func (c *checker) path(d document) {
	for i, s := range d.Stops {
		row := "stop " + s.Version.String()
		c.filled(row, "why", s.Why, "source", s.Source)
		c.version(row, s.Version)
		if i > 0 && !d.Stops[i-1].Version.Less(s.Version) {
			c.bad(row, "stands after %s", d.Stops[i-1].Version)
		}
	}
	for _, a := range d.Avoid {
		row := "avoid " + a.Version.String()
		c.filled(row, "why", a.Why, "source", a.Source)
		c.version(row, a.Version)
		c.version(row, a.Instead)
	}
	for _, s := range d.Steps {
		row := "step " + s.Name
		c.filled(row, "name", s.Name, "source", s.Source)
		c.ends(row, s.Range)
	}
}

func (c *checker) engines(d document) {
	for _, i := range d.Images {
		row := fmt.Sprintf("image of %s, %s", i.Engine, i.Range)
		c.filled(row, "version", i.Version, "image", i.Image, "source", i.Source)
		c.engine(row, i.Engine)
		c.ends(row, i.Range)
	}
	apart(c, "images", d.Images, func(i EngineImage) (string, calver.Range) { return i.Engine, i.Range })
	for _, w := range d.Walks {
		row := fmt.Sprintf("walk of %s from %s, %s", w.Engine, w.From, w.Range)
		c.filled(row, "from", w.From, "source", w.Source)
		c.engine(row, w.Engine)
		c.ends(row, w.Range)
		if len(w.Rungs) == 0 {
			c.bad(row, "has no rungs")
		}
		for _, r := range w.Rungs {
			c.filled(row, "version", r.Version, "image", r.Image)
		}
	}
}

func (c *checker) engine(row, name string) {
	c.oneOf(row, "engine", name, ClickHouse, PostgreSQL)
}

func (c *checker) oneOf(row, field, got string, want ...string) {
	if !slices.Contains(want, got) {
		c.bad(row, "%s is %q and must be one of %q", field, got, want)
	}
}

func (c *checker) needs(d document) {
	for _, m := range d.Minimums {
		row := fmt.Sprintf("minimums of %s", m.Range)
		c.filled(row, "engine_min", m.EngineMin, "source", m.Source)
		c.ends(row, m.Range)
		c.oneOf(row, "profile", m.Profile, "", FeatureComplete, ErrorsOnly)
		if m.RAMHardMB <= 0 || m.CPUHard <= 0 || m.DiskFloorGB <= 0 || m.RAMRecommendedMB < m.RAMHardMB {
			c.bad(row, "memory, CPUs and disk must be above zero, and recommended memory not below the hard one")
		}
	}
	apart(c, "minimums", d.Minimums, func(m Minimums) (string, calver.Range) { return m.Profile, m.Range })
	for _, v := range d.Volumes {
		row := fmt.Sprintf("volumes of %s", v.Range)
		c.filled(row, "source", v.Source)
		c.ends(row, v.Range)
	}
	apart(c, "volumes", d.Volumes, func(v Volumes) (string, calver.Range) { return "", v.Range })
}

func (c *checker) hops(d document) {
	for _, i := range d.Demands {
		row := "demand " + i.ID
		c.filled(row, "id", i.ID, "setting", i.Setting, "want", i.Want, "why", i.Why, "source", i.Source)
		c.version(row, i.Version)
		c.ends(row, calver.Range{Since: i.Version, Until: i.Until})
		c.oneOf(row, "kind", i.Kind, "config", "env", "volume", "image", "action")
	}
	for _, i := range d.Issues {
		row := "issue " + i.ID
		c.filled(row, "id", i.ID, "title", i.Title, "when", i.When, "around", i.Around, "source", i.Source)
		c.ends(row, i.From)
		c.ends(row, i.To)
		c.oneOf(row, "severity", i.Severity, "block", "warn", "info")
		if !i.Stop.IsZero() {
			c.version(row, i.Stop)
		}
	}
}
