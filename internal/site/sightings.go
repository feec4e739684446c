package site

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"time"
)

// Sighting is one line of health.jsonl: somebody looked whether the site is
// well.
type Sighting struct {
	Time    time.Time `json:"time"`
	Healthy bool      `json:"healthy"`
	By      string    `json:"by"`               // health, backup, upgrade
	Failed  []string  `json:"failed,omitempty"` // checks that did not pass
}

// The file holds weeks of a look every five minutes; then its older half goes.
const (
	sightingsFull = 1 << 20
	sightingsKept = sightingsFull / 2
)

func (s *Site) sightingsPath() string { return s.Own("health.jsonl") }

// AppendSighting adds a line to health.jsonl.
func (s *Site) AppendSighting(g Sighting) error {
	size, err := appendLine(s.sightingsPath(), g)
	if err != nil || size < sightingsFull {
		return err
	}
	return s.halveSightings()
}

func (s *Site) halveSightings() error {
	data, err := os.ReadFile(s.sightingsPath())
	if err != nil {
		return fmt.Errorf("shorten %s: %w", s.sightingsPath(), err)
	}
	data = data[max(0, len(data)-sightingsKept):]
	_, data, _ = bytes.Cut(data, []byte{'\n'})
	return WriteFile(s.sightingsPath(), data, 0o600)
}

// Sightings returns the lines of health.jsonl in the order of time. A line
// that is not readable is passed over: it only makes a gap.
func (s *Site) Sightings() ([]Sighting, error) {
	list, _, err := readLines[Sighting](s.sightingsPath())
	list = slices.DeleteFunc(list, func(g Sighting) bool { return g.Time.IsZero() })
	slices.SortStableFunc(list, func(a, b Sighting) int { return a.Time.Compare(b.Time) })
	return list, err
}
