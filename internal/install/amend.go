package install

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/site"
)

const confFile = "sentry/sentry.conf.py"

// amendConfig changes what an older sentry.conf.py says of services that this
// release runs differently: the memcached backend (upstream 24.1.1 and 26.5.1,
// install/check-memcached-backend.sh) and PgBouncer in front of PostgreSQL
// (25.9.0, install/migrate-pgbouncer.sh). A file made from this release's
// example has nothing to change.
func amendConfig() Step {
	return Step{
		ID: "amend-config", Title: "Check cache backend and database host", Idempotent: true,
		Done: func(_ context.Context, e *Env) (bool, error) {
			_, changed, err := e.amended()
			return len(changed) == 0, err
		},
		Run: func(_ context.Context, e *Env) error {
			conf, changed, err := e.amended()
			if err != nil || len(changed) == 0 {
				return err
			}
			if err := site.WriteFile(e.Site.Path(confFile), conf, 0o644); err != nil {
				return err
			}
			e.Sink.Emit(event.Notice{Level: "info", Text: "changed in your " + confFile + " as this release needs it: " + strings.Join(changed, ", ")})
			return nil
		},
	}
}

// amended is the file as it has to be, and what of it differs from the disk.
func (e *Env) amended() (conf []byte, changed []string, err error) {
	conf, err = os.ReadFile(e.Site.Path(confFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return config.Amend(e.Version, conf)
}
