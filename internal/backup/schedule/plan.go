// Package schedule owns when backups are made without anybody asking: the plan
// that a site keeps, the systemd units or the cron file that follow from it,
// and what is due on a day. It makes no backup and starts no program.
package schedule

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

// Cadence is how often something is done beside the daily backup.
type Cadence string

// The cadences.
const (
	Never   Cadence = "never"
	Daily   Cadence = "daily"
	Weekly  Cadence = "weekly"
	Monthly Cadence = "monthly"
)

// Cadences lists them.
func Cadences() []Cadence { return []Cadence{Never, Daily, Weekly, Monthly} }

// every gives the days between two turns. A turn is due a little early, so
// that the jitter of the day cannot put it off by one.
func (c Cadence) every() time.Duration {
	switch c {
	case Daily:
		return 24 * time.Hour
	case Weekly:
		return 7 * 24 * time.Hour
	case Monthly:
		return 30 * 24 * time.Hour
	}
	return 0
}

const early = 6 * time.Hour

// Due says whether the turn has come; last is zero when there was none.
func (c Cadence) Due(last, now time.Time) bool {
	return c.every() > 0 && (last.IsZero() || now.Sub(last) >= c.every()-early)
}

// Plan is what a site keeps of its schedule. No secret stands in it.
type Plan struct {
	Daily  string  `yaml:"daily" json:"daily"` // HH:MM, local time
	Verify Cadence `yaml:"verify" json:"verify"`
	Drill  Cadence `yaml:"drill" json:"drill"`
	// Keep says which backups stay after a good one; zero keeps all.
	Keep        backup.Retention `yaml:"keep,omitempty" json:"keep"`
	Prune       Cadence          `yaml:"prune" json:"prune"`
	Jitter      time.Duration    `yaml:"jitter" json:"jitter_ns"`
	MaxDuration time.Duration    `yaml:"max_duration" json:"max_duration_ns"` // 0: no limit
	Nice        int              `yaml:"nice" json:"nice"`
	IO          string           `yaml:"io" json:"io"`
	Bandwidth   int64            `yaml:"bandwidth,omitempty" json:"bandwidth,omitempty"` // bytes per second, 0: no limit
	TextfileDir string           `yaml:"textfile_dir,omitempty" json:"textfile_dir,omitempty"`
	LogSize     int64            `yaml:"log_size" json:"log_size"` // bytes of one log file
	LogKeep     int              `yaml:"log_keep" json:"log_keep"` // older ones that are kept
	Environment string           `yaml:"environment,omitempty" json:"environment,omitempty"`
	Kind        Kind             `yaml:"kind" json:"kind"`
	Files       []string         `yaml:"files" json:"files"` // what stands outside of the site
}

// IO classes that ionice and systemd know.
var ioClasses = []string{"idle", "best-effort", "none"}

// Check says what is wrong with a plan.
func (p Plan) Check() error {
	_, err := time.Parse("15:04", p.Daily)
	switch {
	case err != nil || len(p.Daily) != len("15:04"):
		return fault.New(fault.Usage, "Give a time such as --daily 03:30", "%q is no time of day", p.Daily)
	case !slices.Contains(Cadences(), p.Verify) || !slices.Contains(Cadences(), p.Drill) || !slices.Contains(Cadences(), p.Prune):
		return fault.New(fault.Usage, "Choose never, daily, weekly or monthly", "--verify %s --drill %s --prune %s", p.Verify, p.Drill, p.Prune)
	case !slices.Contains(ioClasses, p.IO):
		return fault.New(fault.Usage, "Choose one of: "+strings.Join(ioClasses, ", "), "--io %q", p.IO)
	case p.Nice < 0 || p.Nice > 19:
		return fault.New(fault.Usage, "Give a number from 0 to 19", "--nice %d", p.Nice)
	case p.Jitter < 0 || p.Jitter >= 12*time.Hour || p.MaxDuration < 0 || p.Bandwidth < 0:
		return fault.New(fault.Usage, "Give a jitter under 12h, and no negative values", "these limits make no schedule")
	case p.LogSize < 4096 || p.LogKeep < 0:
		return fault.New(fault.Usage, "Give --log-size 4096 or more and --log-keep 0 or more", "this log would hold nothing")
	}
	return p.Keep.Check()
}

func path(s *site.Site) string { return s.Own("backup", "schedule.yaml") }

// Read gives the site's plan; false when there is none.
func Read(s *site.Site) (Plan, bool, error) {
	var p Plan
	data, err := os.ReadFile(path(s))
	if errors.Is(err, fs.ErrNotExist) {
		return p, false, nil
	}
	if err == nil {
		p.Prune = Weekly // what is written by an older sentryctl does not say
		err = yaml.Unmarshal(data, &p)
	}
	if err != nil {
		return p, false, fmt.Errorf("read the schedule: %w", err)
	}
	return p, true, nil
}

// Write keeps the plan.
func Write(s *site.Site, p Plan) error {
	data, err := yaml.Marshal(p)
	if err != nil {
		return fmt.Errorf("write the schedule: %w", err)
	}
	return site.WriteFile(path(s), data, 0o600)
}

// Forget removes the plan.
func Forget(s *site.Site) error {
	if err := os.Remove(path(s)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the schedule: %w", err)
	}
	return nil
}
