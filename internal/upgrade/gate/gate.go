// Package gate owns the decision whether an upgrade may begin: everything that
// can stop it is a question, asked before anything is touched, and all answers
// make one report. It decides on facts that others have gathered.
package gate

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/config/merge"
	"github.com/sentryctl/sentryctl/internal/upgrade/plan"
)

// Facts is what was found out. A Why that is not empty says that its neighbour
// could not be found out.
type Facts struct {
	Plan           plan.Plan
	Site           string
	Unfinished     string   // the run that did not come to its end
	Failed         []string // checks of health that do not pass
	FailedWhy      string
	Unapplied      []string // migrations of the present version
	MigrationsWhy  string
	DataRead       map[string]bool // engines whose data version is known: read from the volume, or told by the server
	Rooms          []Room          // what the upgrade asks of disks
	Unmeasured     []string        // volumes whose size is not known, and so is in no room
	Checkpoint     string          // where the checkpoint goes
	CheckpointWhy  string          // why none could be made there
	CheckpointHint string          // what to do about that, "" where nobody knows
	Hops           []Hop
	Unreachable    []Unreachable
	Preflight      []Check // what the release to come to asks of the machine and does not get
	PreflightWhy   string
	Certificates   []Check // what is wrong with the site's own
}

// Hop is what was found out for one release on the path.
type Hop struct {
	Version   calver.Version
	TreeWhy   string // why its tree could not be had; the rest is then empty
	Conflicts []merge.Conflict
	Config    string   // why its configuration cannot be written: lines between our marks were edited
	Project   string   // why its compose project cannot be loaded with the site's override
	Missing   []string // images that the Engine does not have
}

// State says how an answer stands.
type State string

// The states of an answer. Only Block stops an upgrade; what could not be found
// out blocks where the answer matters.
const (
	OK    State = "ok"
	Warn  State = "warn"
	Block State = "block"
)

// Finding is the answer to one question.
type Finding struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	State State  `json:"state"`
	Said  string `json:"said,omitempty"`
	Hint  string `json:"hint,omitempty"`
}

// Report is all answers.
type Report struct {
	Blocked  bool      `json:"blocked"`
	Findings []Finding `json:"findings"`
}

// question is one thing that can stop an upgrade.
type question struct {
	id, title string
	ask       func(Facts) (State, string, string) // state, what was found, what to do
}

// questions are all of them, in the order of the report.
func questions() []question {
	return []question{
		{"journal", "No run is unfinished", unfinished},
		{"healthy", "The site is well now", healthy},
		{"migrations", "The present version's migrations have run", migrations},
		{"data-versions", "The data engines' versions are known", dataVersions},
		{"hops", "sentryctl can carry out every hop", byHand},
		{"issues", "No known issue hits this site", issues},
		{"machine", "The machine carries every release of the path", machine},
		{"room", "There is room", room},
		{"checkpoint", "A checkpoint can be made", checkpoint},
		{"releases", "Every release of the path can be had", releases},
		{"configuration", "Edited files go together with every release", ofTrees(conflicts)},
		{"project", "The override file fits every release", ofTrees(projects)},
		{"images", "Images are here", ofTrees(images)},
		{"registry", "Missing images can be had", ofTrees(registry)},
		{"preflight", "The machine fits the release to come to", ofTrees(preflight)},
		{"certificates", "Certificates are valid", certificates},
	}
}

// Judge answers every question.
func Judge(f Facts) Report {
	var r Report
	for _, q := range questions() {
		state, said, hint := q.ask(f)
		r.Findings = append(r.Findings, Finding{q.id, q.title, state, said, hint})
		r.Blocked = r.Blocked || state == Block
	}
	return r
}

// Blocking names the answers that stop.
func (r Report) Blocking() []string {
	var ids []string
	for _, f := range r.Findings {
		if f.State == Block {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

func unfinished(f Facts) (State, string, string) {
	if f.Unfinished != "" {
		return Block, "run " + f.Unfinished + " did not come to its end", "Finish it: sentryctl resume --site " + f.Site
	}
	return OK, "", ""
}

func healthy(f Facts) (State, string, string) {
	hint := "Look closer: sentryctl health --canary --site " + f.Site
	switch {
	case f.FailedWhy != "":
		return Block, "could not be asked: " + f.FailedWhy, hint
	case len(f.Failed) > 0:
		return Block, "does not pass: " + strings.Join(f.Failed, ", "), hint
	}
	return OK, "", ""
}

func migrations(f Facts) (State, string, string) {
	switch {
	case f.MigrationsWhy != "":
		return Block, "could not be asked: " + f.MigrationsWhy, "Start the site first: docker compose up -d"
	case len(f.Unapplied) > 0:
		return Block, fmt.Sprintf("%d have not run: %s", len(f.Unapplied), few(f.Unapplied)),
			fmt.Sprintf("Finish the present version first: sentryctl install --site %s --version %s", f.Site, f.Plan.From)
	}
	return OK, "", ""
}

func dataVersions(f Facts) (State, string, string) {
	var not []string
	for _, engine := range []string{"clickhouse", "postgresql"} {
		if !f.DataRead[engine] {
			not = append(not, engine)
		}
	}
	if len(not) > 0 {
		return Warn, fmt.Sprintf("not read: %s; what %s carries is taken", strings.Join(not, ", "), f.Plan.From), ""
	}
	return OK, "", ""
}

func byHand(f Facts) (State, string, string) {
	for _, h := range f.Plan.Hops {
		if h.ByHand {
			return Block, fmt.Sprintf("%s is too old for it", h.To), fmt.Sprintf("Take that hop with the install.sh of %s", h.To)
		}
	}
	return OK, "", ""
}

func issues(f Facts) (State, string, string) {
	state, said, hint := OK, []string{}, ""
	for _, h := range f.Plan.Hops {
		for _, i := range h.Issues {
			switch {
			case i.Severity == "info":
				continue
			case i.Hit == "yes" && i.Severity == "block":
				state, hint = Block, i.Around
			case state == OK:
				state = Warn
			}
			if i.Hit == "yes" {
				said = append(said, i.ID)
			} else {
				said = append(said, i.ID+" (may)")
			}
		}
	}
	if state == Warn {
		hint = "Read the conditions: sentryctl upgrade --plan --site " + f.Site
	}
	return state, strings.Join(said, ", "), hint
}

func machine(f Facts) (State, string, string) {
	switch {
	case !f.Plan.Needs.Looked:
		return Warn, "it was not looked at", ""
	case len(f.Plan.Needs.Shortages) > 0:
		return Warn, "has only " + strings.Join(f.Plan.Needs.Shortages, ", "), "Add what is missing, or accept that the site may be slow or stop"
	}
	return OK, "", ""
}

func checkpoint(f Facts) (State, string, string) {
	if f.CheckpointWhy != "" {
		return Block, f.CheckpointWhy, cmp.Or(f.CheckpointHint, "Look at the repository: sentryctl backup list --site "+f.Site)
	}
	return OK, f.Checkpoint, ""
}

func releases(f Facts) (State, string, string) {
	var said []string
	for _, h := range f.Hops {
		if h.TreeWhy != "" {
			said = append(said, fmt.Sprintf("%s: %s", h.Version, h.TreeWhy))
		}
	}
	if len(said) > 0 {
		return Block, strings.Join(said, "; "), "Give a directory with the releases by version: --releases DIR"
	}
	return OK, "", ""
}

// ofTrees is a question to the releases' trees. What it cannot ask, because one
// could not be had, is no yes.
func ofTrees(ask func(Facts) (State, string, string)) func(Facts) (State, string, string) {
	return func(f Facts) (State, string, string) {
		state, said, hint := ask(f)
		var not []string
		for _, h := range f.Hops {
			if h.TreeWhy != "" {
				not = append(not, h.Version.String())
			}
		}
		if state == OK && len(not) > 0 {
			return Warn, "not asked for " + strings.Join(not, ", "), ""
		}
		return state, said, hint
	}
}

func conflicts(f Facts) (State, string, string) {
	var said []string
	for _, h := range f.Hops {
		if h.Config != "" {
			return Block, fmt.Sprintf("%s: %s", h.Version, h.Config), "See both sides: sentryctl config diff --site " + f.Site
		}
		for _, c := range h.Conflicts {
			said = append(said, fmt.Sprintf("%s: %s:%d", h.Version, c.File, c.Line))
		}
	}
	if len(said) > 0 {
		return Block, "the release and you changed the same lines: " + few(said), "Bring your edit in line with the release's file, or take it back"
	}
	return OK, "", ""
}

func projects(f Facts) (State, string, string) {
	for _, h := range f.Hops {
		if h.Project != "" {
			return Block, fmt.Sprintf("%s: %s", h.Version, h.Project), "Correct docker-compose.override.yml"
		}
	}
	return OK, "", ""
}

func images(f Facts) (State, string, string) {
	var said []string
	for _, h := range f.Hops {
		if n := len(h.Missing); n > 0 {
			said = append(said, fmt.Sprintf("%d of %s", n, h.Version))
		}
	}
	if len(said) > 0 {
		return Warn, "are still to be pulled: " + strings.Join(said, ", "), ""
	}
	return OK, "", ""
}

func few(list []string) string {
	const most = 4
	text := strings.Join(list[:min(most, len(list))], ", ")
	if more := len(list) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
