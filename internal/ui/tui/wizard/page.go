package wizard

import (
	"context"
	"errors"
	"strings"

	"github.com/sentryctl/sentryctl/internal/config"
)

// page is what stands on one screen.
type page struct {
	id, title string
	more      bool // left out when the admin wants few questions
	shown     func(*draft) bool
	questions []question
	note      func(*draft) []string
}

// question is one thing to answer. One with a key sets the answer or option of
// that name; others are for the wizard alone, see draft.special.
type question struct {
	id          string
	key         string
	label, help string
	kind        kind
	options     []choice
	aside       bool   // not worth a line in the summary
	byDefault   string // what an empty value means
	example     string
	shown       func(*draft) bool
	check       func(*draft, string) error // beside the type of the key
	run         func(context.Context, *draft) (string, error)
}

type kind int

const (
	text kind = iota
	secret
	pick
	action
)

// choice is one of the values of a pick.
type choice struct{ value, label string }

func (q question) labelOf(value string) string {
	for _, c := range q.options {
		if c.value == value {
			return c.label
		}
	}
	return value
}

// ask returns a question that sets the answer or option key.
func keyed(key, label, help string) question {
	q := question{id: key, key: key, label: label, help: help}
	if o, ok := config.Lookup(key); ok && o.Secret {
		q.kind = secret
	}
	return q
}

func (q question) when(shown func(*draft) bool) question { q.shown = shown; return q }

func (q question) checked(check func(*draft, string) error) question { q.check = check; return q }

func (q question) of(options ...choice) question {
	q.kind, q.options = pick, options
	return q
}

func (q question) like(example string) question { q.example = example; return q }

func (q question) or(byDefault string) question { q.byDefault = byDefault; return q }

// verify tells what is wrong with a value; an empty one says nothing, which
// only a check of the question's own may refuse.
func (q question) verify(d *draft, value string) error {
	if value != "" && q.key != "" {
		if o, ok := config.Lookup(q.key); ok {
			if _, err := o.ParseText(value); err != nil {
				return errors.New(strings.TrimSpace(err.Error()))
			}
		}
	}
	if q.check != nil {
		return q.check(d, value)
	}
	return nil
}

// pages returns all pages in order. The last one shows what comes of it.
func pages() []page {
	return []page{
		startPage(), profilePage(), addressPage(), adminPage(), mailPage(), mailServerPage(),
		retentionPage(), storagePage(), signOnPage(), integrationsPage(), geoIPPage(),
		networkPage(), privacyPage(), performancePage(), summaryPage(),
	}
}

// has tells whether the release knows an option.
func has(key string) func(*draft) bool {
	return func(d *draft) bool {
		o, ok := config.Lookup(key)
		return ok && (d.in.Version.IsZero() || o.Contains(d.in.Version))
	}
}

// is tells whether another question has one of these values.
func is(id string, values ...string) func(*draft) bool {
	return func(d *draft) bool {
		for _, v := range values {
			if d.get(id) == v {
				return true
			}
		}
		return false
	}
}

// asides marks questions that the summary leaves out.
func (q question) asides() question { q.aside = true; return q }

func both(a, b func(*draft) bool) func(*draft) bool {
	return func(d *draft) bool { return a(d) && b(d) }
}
