package config

import (
	"errors"
	"fmt"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/config/pyconf"
)

// amendment is an edit that a range of releases asks of a sentry.conf.py that
// an older release left behind.
type amendment struct {
	id, text string
	calver.Range
	edit func([]byte) ([]byte, bool, error)
}

// amendments lists them. Source: check-memcached-backend.sh and
// migrate-pgbouncer.sh of getsentry/self-hosted, and its examples.
func amendments() []amendment {
	between := func(since, until string) calver.Range {
		r := calver.Range{Since: calver.MustParse(since)}
		if until != "" {
			r.Until = calver.MustParse(until)
		}
		return r
	}
	return []amendment{
		{"memcached-backend", "CACHES uses a backend that this release does not have", between("24.1.1", "26.5.0"), pyconf.PyMemcache},
		{"memcached-backend", "CACHES uses a backend that locks up under this release", between("26.5.1", ""), pyconf.ReconnectingMemcache},
		{"pgbouncer", "DATABASES goes past PgBouncer, which this release brings", between("25.9.0", ""), pyconf.PgBouncer},
	}
}

// Amend makes the edits of sentry.conf.py that release v asks for, and returns
// the IDs of those that changed something.
func Amend(v calver.Version, conf []byte) (out []byte, changed []string, err error) {
	for _, a := range amendments() {
		if !a.Contains(v) {
			continue
		}
		fresh, ok, err := a.edit(conf)
		if err != nil {
			return nil, nil, fmt.Errorf("amend %s for %s: %w", confPath, v, err)
		}
		if conf = fresh; ok {
			changed = append(changed, a.id)
		}
	}
	return conf, changed, nil
}

// checkAmended finds what Amend would change.
func checkAmended(v calver.Version, conf []byte) findings {
	var out findings
	var broken *pyconf.SyntaxError
	if errors.As(pyconf.Check(conf), &broken) {
		return nil // rendering names the line; nothing else is known of it
	}
	for _, a := range amendments() {
		if !a.Contains(v) {
			continue
		}
		if _, needed, err := a.edit(conf); needed || err != nil {
			out = append(out, Finding{ID: a.id, Severity: Warn, File: confPath, Text: a.text,
				Hint: "Compare with sentry/sentry.conf.example.py of the release"})
		}
	}
	return out
}
