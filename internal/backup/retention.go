package backup

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// Retention says how many backups of each kind to keep. Zero of everything
// keeps all.
type Retention struct {
	Last    int `yaml:"last,omitempty" json:"last,omitempty"`
	Hourly  int `yaml:"hourly,omitempty" json:"hourly,omitempty"`
	Daily   int `yaml:"daily,omitempty" json:"daily,omitempty"`
	Weekly  int `yaml:"weekly,omitempty" json:"weekly,omitempty"`
	Monthly int `yaml:"monthly,omitempty" json:"monthly,omitempty"`
	Yearly  int `yaml:"yearly,omitempty" json:"yearly,omitempty"`
}

// IsZero tells that nothing was asked for.
func (r Retention) IsZero() bool { return r == Retention{} }

// Check refuses numbers that mean nothing.
func (r Retention) Check() error {
	for _, rule := range r.rules() {
		if rule.keep < 0 {
			return fault.New(fault.Usage, "Give 0 or more", "--keep-%s %d", rule.name, rule.keep)
		}
	}
	return nil
}

// String says it in a few words.
func (r Retention) String() string {
	if r.IsZero() {
		return "all"
	}
	var parts []string
	for _, rule := range r.rules() {
		if rule.keep > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", rule.keep, rule.name))
		}
	}
	return strings.Join(parts, ", ")
}

// Kept is a backup and why it stays; no reasons mean that it goes.
type Kept struct {
	ID      string    `json:"id"`
	Time    time.Time `json:"time"`
	Reasons []string  `json:"reasons,omitempty"`
}

// Stays tells whether the backup is kept.
func (k Kept) Stays() bool { return len(k.Reasons) > 0 }

// Dated is a backup as retention sees it.
type Dated struct {
	ID   string
	Time time.Time
	Good bool // whole: its manifest was written and no verification found damage
}

// bucketRule keeps the newest backup of each of the newest n periods.
type bucketRule struct {
	name   string
	keep   int
	period func(time.Time) string
}

func (r Retention) rules() []bucketRule {
	week := func(t time.Time) string {
		y, w := t.ISOWeek()
		return fmt.Sprintf("%d-%02d", y, w)
	}
	return []bucketRule{
		{"last", r.Last, nil},
		{"hourly", r.Hourly, func(t time.Time) string { return t.Format("2006-01-02T15") }},
		{"daily", r.Daily, func(t time.Time) string { return t.Format("2006-01-02") }},
		{"weekly", r.Weekly, week},
		{"monthly", r.Monthly, func(t time.Time) string { return t.Format("2006-01") }},
		{"yearly", r.Yearly, func(t time.Time) string { return t.Format("2006") }},
	}
}

// Apply decides which backups stay, newest first. Periods are those of the
// times' own zones. Whatever is asked for, the newest good backup stays, so
// that there is never none; what is not good takes no place in a count.
func (r Retention) Apply(backups []Dated) []Kept {
	list := slices.Clone(backups)
	slices.SortFunc(list, func(a, b Dated) int { return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(a.ID, b.ID)) })
	out := make([]Kept, 0, len(list))
	for _, b := range list {
		out = append(out, Kept{ID: b.ID, Time: b.Time})
	}
	if r.IsZero() {
		for i := range out {
			out[i].Reasons = []string{"no retention is set"}
		}
		return out
	}
	for _, rule := range r.rules() {
		rule.mark(list, out)
	}
	keepOne(list, out)
	return out
}

func (b bucketRule) mark(list []Dated, out []Kept) {
	seen := map[string]bool{}
	for i, d := range list {
		if !d.Good || len(seen) >= b.keep {
			continue
		}
		period := d.ID
		if b.period != nil {
			period = b.period(d.Time)
		}
		if !seen[period] {
			seen[period] = true
			out[i].Reasons = append(out[i].Reasons, b.name)
		}
	}
}

// keepOne keeps the newest good backup, or the newest of all if none is good.
func keepOne(list []Dated, out []Kept) {
	if len(list) == 0 {
		return
	}
	i := max(0, slices.IndexFunc(list, func(d Dated) bool { return d.Good }))
	if !out[i].Stays() {
		out[i].Reasons = []string{"the newest good one"}
	}
}
