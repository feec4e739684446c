// Package preflight owns the question whether a machine can carry a Sentry:
// the facts about it as plain data, one pure check per question, and the
// report. It looks at nothing itself; hostfacts and cmd collect the facts, and
// nothing here changes the machine (Fix only says what would).
package preflight

import "slices"

// ID names a check in reports, in --ignore and in docs/preflight.md. It is
// kebab-case, stable and never reused.
type ID string

// Severity says what a finding that is not ok means for an install.
type Severity string

// The severities.
const (
	Block Severity = "block" // do not install
	Warn  Severity = "warn"  // will run, with a risk that the hint names
	Info  Severity = "info"  // worth knowing
)

// State says how a check ended.
type State string

// The states.
const (
	OK      State = "ok"
	Bad     State = "bad"
	Ignored State = "ignored" // bad, and the admin said so with --ignore
	Unknown State = "unknown" // could not be measured; never counts as ok
	Skipped State = "skipped" // does not apply here; got says why
)

// Check is one question. Judge is pure: the same facts give the same verdict.
type Check struct {
	ID       ID
	Title    string
	Severity Severity // of a bad verdict, unless the verdict carries another
	Strict   bool     // cannot be ignored: an install would certainly fail or lose data
	Source   string   // where the rule comes from
	Judge    func(Facts, Target) Verdict
}

// Finding is the answer of one check. Hint can be pasted or acted on.
type Finding struct {
	ID       ID       `json:"id"`
	Title    string   `json:"title"`
	Severity Severity `json:"severity"`
	OK       bool     `json:"ok"`
	State    State    `json:"state"`
	Strict   bool     `json:"strict,omitempty"`
	Got      string   `json:"got"`
	Want     string   `json:"want"`
	Hint     string   `json:"hint"`
	Doc      string   `json:"doc"`
}

// Report is what all checks say together.
type Report struct {
	Type     string    `json:"type"`
	Blocked  bool      `json:"blocked"`
	Version  string    `json:"version,omitempty"`
	Profile  string    `json:"profile,omitempty"`
	Findings []Finding `json:"findings"`
}

// Checks returns every check, in the order in which a report shows them.
func Checks() []Check {
	return slices.Concat(
		engineChecks(),
		hostChecks(),
		cpuMemoryChecks(),
		diskChecks(),
		siteChecks(),
		networkChecks(),
		leftoverChecks(),
	)
}

// Run judges all checks, also after one has blocked, and gives one verdict.
func Run(facts Facts, target Target, ignore Ignore) Report {
	r := Report{Type: "report", Version: target.Version.String(), Profile: target.Profile}
	for _, c := range Checks() {
		f := c.find(facts, target, ignore)
		r.Blocked = r.Blocked || f.blocks()
		r.Findings = append(r.Findings, f)
	}
	return r
}

// find turns the verdict of c into a finding. An ignored block stays visible
// as a warning, so that a report never hides what the admin has waived.
func (c Check) find(facts Facts, target Target, ignore Ignore) Finding {
	v := c.Judge(facts, target)
	f := Finding{
		ID: c.ID, Title: c.Title, Severity: c.Severity, State: v.State, OK: v.State == OK || v.State == Skipped,
		Strict: c.Strict, Got: v.Got, Want: v.Want, Hint: v.Hint, Doc: "docs/preflight.md#" + string(c.ID),
	}
	switch {
	case v.State == Unknown || v.State == Skipped:
		f.Severity = Info
	case v.Severity != "":
		f.Severity = v.Severity
	}
	if f.State == Bad && ignore.has(c.ID) && !c.Strict {
		f.State = Ignored
		if f.Severity == Block {
			f.Severity = Warn
		}
	}
	return f
}

func (f Finding) blocks() bool { return f.State == Bad && f.Severity == Block }

// Blocks returns the findings that block, in report order.
func (r Report) Blocks() []Finding {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return !f.blocks() })
}

// Find returns the finding of a check.
func (r Report) Find(id ID) (Finding, bool) {
	i := slices.IndexFunc(r.Findings, func(f Finding) bool { return f.ID == id })
	if i < 0 {
		return Finding{}, false
	}
	return r.Findings[i], true
}
