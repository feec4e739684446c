// Package tune owns how many processes and how much memory a site should give
// to what, as a pure function of the machine: proposals with a reason for each
// line. What Sentry's own options can say is proposed as options; the rest as
// lines for docker-compose.override.yml, which is the admin's file.
package tune

import (
	"fmt"
	"slices"

	"github.com/sentryctl/sentryctl/internal/calver"
)

// Input is a machine, the release on it and what is set at present.
type Input struct {
	CPUs      int
	MemoryMiB int64 // of the Engine's host
	DiskGiB   int64 // free where the Engine keeps volumes, 0 when unknown
	Profile   string
	Version   calver.Version
	Services  []string            // that the profile runs
	Commands  map[string][]string // of services, as the compose file says
	Env       map[string]string   // "service NAME" to value, as the compose file says
	Limited   map[string]bool     // services that have a memory limit
	Now       map[string]string   // options with the value that they have
}

// Option is a proposal that an answer can carry.
type Option struct {
	Key   string `json:"key"`
	Now   string `json:"now"`
	Value string `json:"value"`
	Why   string `json:"why"`
}

// Line is a proposal for docker-compose.override.yml. Value is a string, a
// number or a list of strings; Name is a key of the service, or of its
// environment when Env is set.
type Line struct {
	Service string `json:"service"`
	Name    string `json:"name"`
	Env     bool   `json:"env,omitempty"`
	Now     string `json:"now,omitempty"`
	Value   any    `json:"value"`
	Why     string `json:"why"`
}

// Proposal is what the machine suggests. What is set so already is left out.
type Proposal struct {
	Options  []Option `json:"options"`
	Override []Line   `json:"override"`
	Uwsgi    *Uwsgi   `json:"uwsgi,omitempty"`
	Notes    []string `json:"notes,omitempty"`
}

// Uwsgi is the way from nginx to web that is not HTTP: the option first, then
// the lines of nginx.conf, which is the admin's to change.
type Uwsgi struct {
	Why    string   `json:"why"`
	Option Option   `json:"option"`
	Nginx  []string `json:"nginx"` // of a diff
}

// Propose decides.
func Propose(in Input) Proposal {
	p := planner{Input: in}
	p.web()
	p.taskworker()
	p.redis()
	p.clickhouse()
	p.kafka()
	p.postgres()
	p.limits()
	p.protocol()
	return p.out
}

type planner struct {
	Input
	out Proposal
}

func (p *planner) option(key string, value int, why string, args ...any) {
	text := fmt.Sprint(value)
	if p.Now[key] != text {
		p.out.Options = append(p.out.Options, Option{key, p.Now[key], text, fmt.Sprintf(why, args...)})
	}
}

func (p *planner) line(l Line, why string, args ...any) {
	if !slices.Contains(p.Services, l.Service) || l.Now == fmt.Sprint(l.Value) {
		return
	}
	l.Why = fmt.Sprintf(why, args...)
	p.out.Override = append(p.out.Override, l)
}

func (p *planner) has(since string) bool { return !p.Version.Less(calver.MustParse(since)) }

// share is a part of memory, in per cent, between two bounds, in MiB.
func (p *planner) share(percent, least, most int64) int64 {
	return min(max(p.MemoryMiB*percent/100, least), most)
}

// step rounds down, so that a figure can be remembered.
func step(mib, to int64) int64 { return max(mib/to, 1) * to }

func size(mib int64) string {
	if mib >= 1024 && mib%1024 == 0 {
		return fmt.Sprintf("%dg", mib/1024)
	}
	return fmt.Sprintf("%dm", mib)
}
