package upgrade

import (
	"context"
	"strings"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/workload"
)

const clickhouse = "clickhouse"

// climb starts one version of ClickHouse on the data, sees that it is that
// version, and stops it. The start itself converts what has to be.
func climb(r Rung) Step {
	return Step{
		ID:    step.ID("rung-clickhouse-" + strings.ReplaceAll(r.Series, ".", "-")),
		Title: "Lead ClickHouse's data through " + r.Series, Idempotent: true,
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Projects.Rung(ctx, r.Image)
			if err != nil {
				return err
			}
			if err := s.Stop(ctx, clickhouse); err != nil {
				return err
			}
			if err := s.Start(ctx, clickhouse); err != nil {
				return err
			}
			res, err := s.Exec(ctx, clickhouse, workload.Exec{Command: []string{"clickhouse-client", "-q", "SELECT version()"}, Quiet: true})
			if err != nil {
				return err
			}
			said := strings.TrimSpace(string(res.Stdout))
			if res.ExitCode != 0 || !sameSeries(said, r.Series) {
				return fault.New(fault.Resumable, "Look at what it says: docker compose logs --tail 50 clickhouse",
					"ClickHouse %s was started on the data and answers %q (exit code %d)", r.Version, said, res.ExitCode)
			}
			return s.Stop(ctx, clickhouse)
		},
	}
}
