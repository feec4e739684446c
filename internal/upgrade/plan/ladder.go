package plan

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// Rung is one version of a data engine that is started on the data during a
// hop. Beside means that the data is written anew beside the old.
type Rung struct {
	Engine string `json:"engine"`
	From   string `json:"from"`
	To     string `json:"to"`
	Image  string `json:"image"`
	Beside bool   `json:"beside"`
}

// data is the version of each engine that a site's data was last started with.
type data map[string]string

func engines() []string { return []string{catalog.ClickHouse, catalog.PostgreSQL} }

// dataOf completes what the volumes say with what the release carries.
func (f finder) dataOf(v calver.Version, found map[string]string) data {
	d := f.carried(v)
	for engine, version := range found {
		if version != "" {
			d[engine] = version
		}
	}
	return d
}

func (f finder) carried(v calver.Version) data {
	e := f.catalog.Engines(v)
	return data{catalog.ClickHouse: e.ClickHouse.Version, catalog.PostgreSQL: e.PostgreSQL.Version}
}

// stuck says that an engine's data cannot follow.
type stuck struct {
	engine, data string
	to           calver.Version
	carries      string
	source       string
}

func (s *stuck) Error() string {
	return fmt.Sprintf("the data of %s is of version %s, and %s, which carries %s, has no way from there", title(s.engine), s.data, s.to, s.carries)
}

// stop explains a hop that is there for the ladder.
func (s *stuck) stop() string {
	return fmt.Sprintf("The data of %s is of version %s; later releases up to %s have no rung from there.", title(s.engine), s.data, s.to)
}

func title(engine string) string {
	return map[string]string{catalog.ClickHouse: "ClickHouse", catalog.PostgreSQL: "PostgreSQL"}[engine]
}

// climb returns the rungs of one hop and the data after it.
func (f finder) climb(d data, from, to calver.Version) (rungs []Rung, after data, err *stuck) {
	after = maps.Clone(d)
	for _, engine := range engines() {
		if d[engine] == "" { // 9.1.2 had no ClickHouse
			after[engine] = f.carried(to)[engine]
			continue
		}
		steps, ok := f.walk(engine, d[engine], from, to)
		if !ok {
			source := f.catalog.Engines(to)
			return nil, nil, &stuck{engine, d[engine], to, f.carried(to)[engine], map[string]string{
				catalog.ClickHouse: source.ClickHouse.Source, catalog.PostgreSQL: source.PostgreSQL.Source}[engine]}
		}
		at := d[engine]
		for _, s := range steps {
			rungs = append(rungs, Rung{engine, at, s.Version, s.Image, engine == catalog.PostgreSQL})
			at = s.Version
		}
		after[engine] = at
	}
	return rungs, after, nil
}

// walk is the catalog's walk to a release. Data that stayed behind the
// installed release is first led to what that one carries. Data that is ahead
// stays: the site runs an image of its own.
func (f finder) walk(engine, data string, from, to calver.Version) ([]catalog.Rung, bool) {
	if newer(catalog.Series(engine, data), catalog.Series(engine, f.carried(to)[engine])) {
		return nil, true
	}
	if rungs, ok := f.onward(engine, data, to); ok {
		return rungs, true
	}
	first, ok := f.onward(engine, data, from)
	if !ok || len(first) == 0 {
		return nil, false
	}
	then, ok := f.onward(engine, first[len(first)-1].Version, to)
	return append(first[:len(first):len(first)], then...), ok
}

// onward also takes up a walk in its middle: a ladder that was interrupted
// leaves the data on one of its rungs.
func (f finder) onward(engine, data string, to calver.Version) ([]catalog.Rung, bool) {
	if rungs, ok := f.catalog.Walk(engine, data, to); ok {
		return rungs, true
	}
	for _, w := range f.catalog.Ladder(engine) {
		i := slices.IndexFunc(w.Rungs, func(r catalog.Rung) bool {
			return catalog.Series(engine, r.Version) == catalog.Series(engine, data)
		})
		if rungs, ok := f.catalog.Walk(engine, w.From, to); i >= 0 && ok && len(rungs) > i && rungs[i] == w.Rungs[i] {
			return rungs[i+1:], true
		}
	}
	return nil, false
}

// blocked says what can be done about data that cannot follow.
func (f finder) blocked(from calver.Version, s *stuck) error {
	hint := fmt.Sprintf("Start %s %s on its data with the release that carries it, or restore a backup made with %s", title(s.engine), f.carried(from)[s.engine], from)
	if since, ok := f.lastCarrier(s); ok {
		hint = fmt.Sprintf("Restore a backup from before the site left %s: that release is the last one to lead this data on", since)
	}
	return fault.New(fault.UpgradeBlocked, hint, "no path from %s: %w", from, s).WithDoc(doc)
}

// lastCarrier is the newest release with a way on from this data.
func (f finder) lastCarrier(s *stuck) (calver.Version, bool) {
	var last calver.Version
	for _, w := range f.catalog.Ladder(s.engine) {
		if w.From == catalog.Series(s.engine, s.data) && last.Less(w.Until) {
			last = w.Until
		}
	}
	return last, !last.IsZero()
}

// newer compares the numbers of two versions of an engine.
func newer(a, b string) bool {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(x), len(y), 2) {
		n, _ := strconv.Atoi(x[i])
		m, _ := strconv.Atoi(y[i])
		if n != m {
			return n > m
		}
	}
	return false
}
