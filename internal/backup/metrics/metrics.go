// Package metrics owns what is remembered about a site's backups for those who
// watch it: a small state file, and the same as Prometheus text for the
// textfile collector of the node exporter.
package metrics

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/internal/site"
)

// State is what is known after a run. A zero time means never.
type State struct {
	LastTry     time.Time     `json:"last_try,omitzero"`
	LastGood    time.Time     `json:"last_good,omitzero"` // end of the last backup that is whole
	Set         string        `json:"set,omitempty"`      // its name
	Bytes       int64         `json:"bytes"`
	Added       int64         `json:"added"`
	Files       int64         `json:"files"`
	Duration    time.Duration `json:"duration_ns"`
	UI          time.Duration `json:"ui_ns"` // for how long the UI did not answer
	Ingest      time.Duration `json:"ingest_ns"`
	LastVerify  time.Time     `json:"last_verify,omitzero"`
	LastDrill   time.Time     `json:"last_drill,omitzero"`
	LastPrune   time.Time     `json:"last_prune,omitzero"`
	Failures    int           `json:"failures"` // backups in a row that failed
	LastFailure string        `json:"last_failure,omitempty"`
}

// Good is what a backup that came to its end is measured by.
type Good struct {
	Set                  string
	Bytes, Added, Files  int64
	Duration, UI, Ingest time.Duration
}

// Good is the state after a good backup.
func (st State) Good(now time.Time, g Good) State {
	st.LastGood, st.Set, st.Bytes, st.Added, st.Files = now, g.Set, g.Bytes, g.Added, g.Files
	st.Duration, st.UI, st.Ingest = g.Duration, g.UI, g.Ingest
	st.Failures, st.LastFailure = 0, ""
	return st
}

func path(s *site.Site) string { return s.Own("backup", "state.json") }

// Read gives the state; a site without backups has an empty one.
func Read(s *site.Site) (State, error) {
	var st State
	data, err := os.ReadFile(path(s))
	if errors.Is(err, fs.ErrNotExist) {
		return st, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &st)
	}
	if err != nil {
		return st, fmt.Errorf("read what is known of the backups: %w", err)
	}
	return st, nil
}

// Write keeps the state and, where dir is not "", the metrics of the project
// in it.
func Write(s *site.Site, st State, dir, project string) error {
	data, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return fmt.Errorf("write what is known of the backups: %w", err)
	}
	if err := site.WriteFile(path(s), append(data, '\n'), 0o600); err != nil {
		return err
	}
	if dir == "" {
		return nil
	}
	// The collector reads as another user.
	return site.WriteFile(File(dir, s.Dir), []byte(Text(st, s.Dir, project)), 0o644)
}

// File is that of a site's metrics. The collector reads *.prom.
func File(dir, siteDir string) string {
	return filepath.Join(dir, "sentryctl"+strings.NewReplacer("/", "_", " ", "_").Replace(siteDir)+".prom")
}

// Text renders the metrics. Ages are given as the time of what they are
// counted from, as a file cannot grow old by itself: time() - metric is the age.
func Text(st State, siteDir, project string) string {
	labels := fmt.Sprintf("{site=%s,project=%s}", label(siteDir), label(project))
	var b strings.Builder
	for _, m := range []struct {
		name, help string
		value      float64
	}{
		{"last_success_timestamp_seconds", "End of the last backup that is whole, 0 for none.", stamp(st.LastGood)},
		{"last_attempt_timestamp_seconds", "Begin of the last backup, good or not.", stamp(st.LastTry)},
		{"last_verify_timestamp_seconds", "End of the last verification that found all well.", stamp(st.LastVerify)},
		{"last_drill_timestamp_seconds", "End of the last drill that brought the site back.", stamp(st.LastDrill)},
		{"last_prune_timestamp_seconds", "End of the last time that room was freed.", stamp(st.LastPrune)},
		{"consecutive_failures", "Backups in a row that failed.", float64(st.Failures)},
		{"size_bytes", "What the last good backup holds.", float64(st.Bytes)},
		{"added_bytes", "What the repository grew by.", float64(st.Added)},
		{"files", "Files in the last good backup.", float64(st.Files)},
		{"duration_seconds", "How long the last good backup took.", st.Duration.Seconds()},
		{"ui_downtime_seconds", "For how long the UI did not answer during it.", st.UI.Seconds()},
		{"ingest_downtime_seconds", "For how long the ingest endpoint did not answer during it.", st.Ingest.Seconds()},
	} {
		name := "sentryctl_backup_" + m.name
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s gauge\n%s%s %s\n", name, m.help, name, name, labels, strconv.FormatFloat(m.value, 'f', -1, 64))
	}
	return b.String()
}

func stamp(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.Unix())
}

// label quotes as the exposition format wants it.
func label(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
