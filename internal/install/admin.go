package install

import (
	"bytes"
	"context"
	"fmt"

	"github.com/sentryctl/sentryctl/internal/workload"
)

// firstAdmin creates the superuser. The password goes through stdin, where no
// process list shows it; sentry asks for it twice.
func firstAdmin() Step {
	return Step{
		ID: "first-admin", Title: "Create the first admin", Idempotent: true,
		Skip: func(_ context.Context, e *Env) (string, error) {
			if e.AdminEmail == "" {
				return "no admin e-mail was given", nil
			}
			return "", nil
		},
		Done: func(ctx context.Context, e *Env) (bool, error) {
			if ready, err := dataReady(ctx, e); ready || err != nil {
				return ready, err
			}
			running, err := e.running(ctx, "postgres")
			if err != nil || !running {
				return false, err
			}
			return e.userExists(ctx)
		},
		Run: func(ctx context.Context, e *Env) error {
			return e.oneOff(ctx, workload.OneOff{
				Service: "web", Name: "first-admin", Quiet: true,
				Command: []string{"createuser", "--email", e.AdminEmail, "--superuser"},
				Stdin:   fmt.Appendf(nil, "%[1]s\n%[1]s\n", e.AdminPassword),
			})
		},
	}
}

// userExists asks PostgreSQL. The address is a psql variable, so that psql
// quotes it. Before the first migration there is no table, hence no user.
func (e *Env) userExists(ctx context.Context) (bool, error) {
	s, err := e.Stack(ctx)
	if err != nil {
		return false, err
	}
	const query = `SELECT to_regclass('auth_user') IS NOT NULL AS migrated \gset
\if :migrated
SELECT count(*) FROM auth_user WHERE lower(username) = lower(:'email');
\else
SELECT 0;
\endif
`
	r, err := s.Exec(ctx, "postgres", workload.Exec{
		Command: []string{"psql", "-U", "postgres", "-qAtX", "-v", "ON_ERROR_STOP=1", "-v", "email=" + e.AdminEmail, "-f", "-"},
		Stdin:   []byte(query), Quiet: true,
	})
	if err != nil {
		return false, err
	}
	if err := exitFault("postgres", r, ""); err != nil {
		return false, err
	}
	return string(bytes.TrimSpace(r.Stdout)) != "0", nil
}
