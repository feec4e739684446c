package site

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
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
	line, err := json.Marshal(g)
	if err != nil {
		return fmt.Errorf("encode a sighting: %w", err)
	}
	f, err := os.OpenFile(s.sightingsPath(), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("note the site's health: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return fmt.Errorf("note the site's health: %w", err)
	}
	// A crash may have torn the line before: this one begins a line of its own.
	last := []byte{'\n'}
	if st.Size() > 0 {
		if _, err := f.ReadAt(last, st.Size()-1); err != nil {
			return fmt.Errorf("note the site's health: %w", err)
		}
	}
	if last[0] != '\n' {
		line = append([]byte{'\n'}, line...)
	}
	if _, err := f.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("note the site's health: %w", err)
	}
	if st.Size() < sightingsFull {
		return nil
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
	data, err := os.ReadFile(s.sightingsPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the site's health: %w", err)
	}
	var list []Sighting
	for line := range bytes.Lines(data) {
		var g Sighting
		if json.Unmarshal(line, &g) == nil && !g.Time.IsZero() {
			list = append(list, g)
		}
	}
	slices.SortStableFunc(list, func(a, b Sighting) int { return a.Time.Compare(b.Time) })
	return list, nil
}
