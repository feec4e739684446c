package wizard

import (
	"cmp"
	"fmt"
	"maps"
	"strings"

	"github.com/sentryctl/sentryctl/internal/config"
)

// draft holds what the admin has said so far, as text by question.
type draft struct {
	in     Input
	all    []page
	values map[string]string
	first  map[string]string // as the answers so far had it
	auto   map[string]string // what was proposed, to be proposed anew
	ports  map[string]error  // by address: whether it can be bound
	result []string          // the summary, made when its page opens
}

func newDraft(in Input) *draft {
	d := &draft{in: in, all: pages(), values: map[string]string{}, first: map[string]string{}, auto: map[string]string{}, ports: map[string]error{}}
	for _, p := range d.all {
		for _, q := range p.questions {
			if q.key != "" && q.kind != secret {
				d.first[q.id] = textOf(in.Answers.Given(q.key))
				d.values[q.id] = d.first[q.id]
			}
		}
	}
	d.load()
	return d
}

func (d *draft) clone() *draft {
	c := *d
	c.values, c.ports = maps.Clone(d.values), maps.Clone(d.ports)
	return &c
}

func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []string:
		return strings.Join(v, ",")
	default:
		return fmt.Sprint(v)
	}
}

// load sets the questions that are for the wizard alone.
func (d *draft) load() {
	d.values["much"] = "quick"
	d.loadAddress()
	d.loadProfile()
	d.values["admin.password.way"] = "made"
	if !d.in.Answers.Admin.Password.IsZero() {
		d.values["admin.password.way"] = "given"
	}
	d.loadMail()
	d.values["retention.events"] = "10000"
	d.loadStorage()
	d.loadPerformance()
}

// loadProfile proposes what a site runs: to leave that as it is, is no answer.
func (d *draft) loadProfile() {
	if d.values["profile"] != "" {
		return
	}
	d.values["profile"] = cmp.Or(d.in.Defaults["profile"], config.FeatureComplete)
	if d.in.Workflow == Configure {
		d.first["profile"] = d.values["profile"]
	}
}

func (d *draft) get(id string) string { return d.values[id] }

// set takes a value and lets what follows from it follow.
func (d *draft) set(id, value string) {
	if d.values[id] == value {
		return
	}
	d.values[id] = value
	switch id {
	case "tls":
		d.followTLS()
	case "mail.preset":
		d.followPreset()
	case "performance":
		d.followPerformance()
	}
}

// byDefault is what the release has when a question is left empty.
func (d *draft) byDefault(q question) string {
	if v := d.in.Defaults[q.key]; v != "" {
		return v
	}
	return q.byDefault
}

// propose sets a value unless the admin has set another one.
func (d *draft) propose(id, value string) {
	if d.values[id] == d.auto[id] || d.values[id] == "" {
		d.values[id] = value
		d.auto[id] = value
	}
}

// pages returns the pages that are asked, given what is known.
func (d *draft) pages() []page {
	var out []page
	for _, p := range d.all {
		if d.asks(p) {
			out = append(out, p)
		}
	}
	return out
}

func (d *draft) asks(p page) bool {
	return !(p.more && d.get("much") == "quick") && (p.shown == nil || p.shown(d))
}

// questions returns what is asked on a page.
func (d *draft) questions(p page) []question {
	var out []question
	for _, q := range p.questions {
		if q.shown == nil || q.shown(d) {
			out = append(out, q)
		}
	}
	return out
}

// wrong returns the index of the first question of a page whose value cannot
// stand, and why; -1 when there is none.
func (d *draft) wrong(qs []question) (int, error) {
	for i, q := range qs {
		if err := q.verify(d, d.get(q.id)); err != nil {
			return i, err
		}
	}
	return -1, nil
}

// keeps tells whether a secret that was given before stays when its question
// is left empty.
func (d *draft) keeps(q question) bool {
	if q.id == "storage.secret" {
		return d.first["storage.access"] != ""
	}
	s, ok := d.in.Answers.Given(q.key).(config.Secret)
	return q.key != "" && ok && !s.IsZero()
}

// answers returns what the draft says. What was not asked stays as it was.
func (d *draft) answers() (config.Answers, error) {
	a := d.in.Answers
	for _, p := range d.pages() {
		for _, q := range d.questions(p) {
			v := d.get(q.id)
			if q.kind != secret {
				v = strings.TrimSpace(v)
			}
			if q.key == "" || v == d.first[q.id] {
				continue
			}
			var err error
			if a, err = a.With(q.key, v); err != nil {
				return d.in.Answers, fmt.Errorf("take the answer: %w", err)
			}
		}
	}
	return d.special(a)
}

// special sets the answers that several questions make together.
func (d *draft) special(a config.Answers) (config.Answers, error) {
	a = d.mailAnswers(a)
	a = d.storageAnswers(a)
	if a.AirGap && a.Beacon != "" {
		a.Beacon = "off"
	}
	return d.signOnAnswers(a)
}
