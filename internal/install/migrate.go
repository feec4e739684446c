package install

import (
	"context"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// bootstrapSnuba creates Snuba's topics and migrates ClickHouse. From 25.1.0
// on one command does both (install/bootstrap-snuba.sh of those tags).
func bootstrapSnuba() Step {
	return Step{
		ID: "bootstrap-snuba", Title: "Bootstrap Snuba and migrate ClickHouse", Idempotent: true,
		Done: dataReady,
		Run: func(ctx context.Context, e *Env) error {
			commands := [][]string{{"bootstrap", "--force"}}
			if e.Version.Less(calver.MustParse("25.1.0")) {
				commands = [][]string{{"bootstrap", "--no-migrate", "--force"}, {"migrations", "migrate", "--force"}}
			}
			for _, c := range commands {
				err := e.oneOff(ctx, workload.OneOff{Service: "snuba-api", Name: "snuba-" + c[0], Command: c})
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// topic is a Kafka topic that Sentry needs and the installer made by hand, up
// to 24.4.1 (install/create-kafka-topics.sh); later `upgrade` creates them.
type topic struct {
	name string
	calver.Range
}

func topics() []topic {
	return []topic{
		{"ingest-attachments", until("24.4.1")},
		{"ingest-transactions", until("24.4.1")},
		{"ingest-events", until("24.4.1")},
		{"ingest-replay-recordings", between("23.3.0", "24.4.1")},
		{"profiles", between("23.6.0", "24.4.1")},
		{"ingest-occurrences", between("23.8.0", "24.4.1")},
		{"ingest-metrics", between("23.9.1", "24.4.1")},
		{"ingest-performance-metrics", between("23.9.1", "24.4.1")},
		{"ingest-monitors", between("24.1.0", "24.4.1")},
	}
}

const broker = "kafka:9092"

func createTopics() Step {
	return Step{
		ID: "create-topics", Title: "Create Kafka topics", Idempotent: true,
		Done: dataReady,
		Skip: applies(until("24.4.1")),
		Run: func(ctx context.Context, e *Env) error {
			out, err := e.exec(ctx, "kafka", workload.Exec{Command: []string{"kafka-topics", "--list", "--bootstrap-server", broker}, Quiet: true})
			if err != nil {
				return err
			}
			have := strings.Fields(string(out))
			for _, t := range topics() {
				if !t.Contains(e.Version) || slices.Contains(have, t.name) {
					continue
				}
				_, err := e.exec(ctx, "kafka", workload.Exec{Command: []string{"kafka-topics", "--create", "--topic", t.name, "--bootstrap-server", broker}})
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// migrateDatabase brings PostgreSQL to this version's schema. Django records
// each migration, so the command may be repeated.
func migrateDatabase() Step {
	return Step{
		ID: "migrate-database", Title: "Migrate the database", Idempotent: true,
		Done: dataReady,
		Run: func(ctx context.Context, e *Env) error {
			command := []string{"upgrade", "--noinput"}
			if since("24.6.0").Contains(e.Version) {
				command = append(command, "--create-kafka-topics")
			}
			return e.oneOff(ctx, workload.OneOff{Service: "web", Name: "migrate-database", Command: command})
		},
	}
}

// profilePermissions gives vroom its directory, which older images left to
// root (upstream 25.6.1 and newer).
func profilePermissions() Step {
	return Step{
		ID: "profile-permissions", Title: "Give vroom its profiles directory", Idempotent: true,
		Done: dataReady,
		Skip: applies(since("25.6.1"), hasService("vroom")),
		Run: func(ctx context.Context, e *Env) error {
			const dir = profilesDir
			return e.oneOff(ctx, workload.OneOff{
				Service: "vroom", Name: "profile-permissions", NoDeps: true, User: "root",
				Entrypoint: []string{"/bin/bash", "-c"},
				Command:    []string{"chown -R vroom:vroom " + dir + " && chmod -R o+rwx " + dir},
			})
		},
	}
}
