package install

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// createVolumes makes the external volumes that Compose will not make. A
// volume that has to be made is empty: whatever the site's record says, its
// data has then to be set up again.
func createVolumes() Step {
	return Step{
		ID: "create-volumes", Title: "Create volumes", Idempotent: true,
		Done: func(ctx context.Context, e *Env) (bool, error) {
			s, err := e.Stack(ctx)
			if err != nil {
				return false, err
			}
			missing, err := s.MissingVolumes(ctx)
			return len(missing) == 0, err
		},
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			if err := e.doubtData(); err != nil {
				return err
			}
			created, err := s.EnsureVolumes(ctx)
			for _, name := range created {
				e.Sink.Emit(event.Log{Source: "volumes", Text: "created " + name})
			}
			return err
		},
	}
}

// dataReady tells that the data of this version was set up before and that
// nothing has said otherwise since.
func dataReady(_ context.Context, e *Env) (bool, error) {
	rec, err := e.Site.ReadRecord()
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && rec.State == site.Installed && rec.Version == e.Version, err
}

// volumeAt returns the Engine's name of the volume that a service mounts at
// a path, or "".
func volumeAt(m release.Model, service, path string) string {
	for _, v := range m.Volumes {
		if slices.Contains(v.MountedBy, service+":"+path) {
			return v.EngineName
		}
	}
	return ""
}

const (
	postgresData   = "/var/lib/postgresql/data"
	clickhouseData = "/var/lib/clickhouse"
)

// checkPostgres refuses to start PostgreSQL on data of another major version:
// it would not start, and moving the data is the upgrade's work.
func checkPostgres() Step {
	return Step{
		ID: "check-postgres", Title: "Check the PostgreSQL data version", Idempotent: true,
		Done: dataReady,
		Skip: hasService("postgres"),
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			have, err := s.ReadVolumeFile(ctx, volumeAt(s.Model(), "postgres", postgresData), "PG_VERSION")
			if errors.Is(err, fs.ErrNotExist) {
				return nil // an empty volume takes any version
			}
			if err != nil {
				return fmt.Errorf("read PG_VERSION: %w", err)
			}
			r, err := s.RunOneOff(ctx, workload.OneOff{
				Service: "postgres", Name: "check-postgres", NoDeps: true, Quiet: true,
				Entrypoint: []string{"postgres"}, Command: []string{"--version"},
			})
			if err != nil {
				return err
			}
			return comparePostgres(strings.TrimSpace(string(have)), string(r.Stdout))
		},
	}
}

// comparePostgres compares PG_VERSION ("14", "9.6") with the text of
// `postgres --version` ("postgres (PostgreSQL) 14.19 (Debian …)").
func comparePostgres(data, server string) error {
	_, rest, found := strings.Cut(server, "(PostgreSQL) ")
	if !found {
		return fault.New(fault.Resumable, "Look at the image of the postgres service", "the postgres image does not tell its version: %q", server)
	}
	version, _, _ := strings.Cut(rest, " ")
	version = strings.TrimSpace(version)
	if version == data || strings.HasPrefix(version, data+".") || strings.HasPrefix(version, data+"beta") || strings.HasPrefix(version, data+"rc") {
		return nil
	}
	return fault.New(fault.UpgradeBlocked,
		"Install the release that wrote the data and upgrade from there, or give this install volumes of its own",
		"the postgres volume holds data of PostgreSQL %s and this release brings %s", data, version)
}

// checkClickHouse refuses data that an older ClickHouse wrote: the ladder
// between the versions is walked by an upgrade, never by an install.
func checkClickHouse() Step {
	return Step{
		ID: "check-clickhouse", Title: "Check the ClickHouse data", Idempotent: true,
		Done: dataReady,
		Skip: hasService("clickhouse"),
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			volume := volumeAt(s.Model(), "clickhouse", clickhouseData)
			_, err = s.ReadVolumeFile(ctx, volume, "metadata/default.sql")
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("look at the ClickHouse data: %w", err)
			}
			e.Sink.Emit(event.Notice{Level: "warn",
				Text: "volume " + volume + " already holds ClickHouse data; it is used as it is",
				Hint: "If it is of an older release, stop now and upgrade that release instead"})
			return nil
		},
	}
}

// checkStorageKey stops before 26.8.0's object storage is started on data
// whose encryption key still lies in the old place: only an upgrade moves it.
func checkStorageKey() Step {
	return Step{
		ID: "check-storage-key", Title: "Check the object storage key", Idempotent: true,
		Done: dataReady,
		Skip: applies(since("26.8.0"), hasService("seaweedfs")),
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			volume := volumeAt(s.Model(), "seaweedfs", "/data")
			_, err = s.ReadVolumeFile(ctx, volume, "filerldb2/CURRENT")
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return fmt.Errorf("look at the object storage: %w", err)
			}
			return fault.New(fault.UpgradeBlocked,
				"Install the release that wrote it and upgrade from there, or remove the volume if it is of no use",
				"volume %s holds object storage of an older release, whose encryption key must be moved by an upgrade", volume)
		},
	}
}

// volumePermissions lets Kafka 7.6, which is no longer root, write to what an
// older one made (upstream 24.6.0 to 24.12.1).
func volumePermissions() Step {
	return Step{
		ID: "volume-permissions", Title: "Open the Kafka volumes to its new user", Idempotent: true,
		Done: dataReady,
		Skip: applies(between("24.6.0", "24.12.1"), hasService("zookeeper")),
		Run: func(ctx context.Context, e *Env) error {
			for _, svc := range []struct{ name, dirs string }{
				{"kafka", "/var/lib/kafka/data"},
				{"zookeeper", "/var/lib/zookeeper/data /var/lib/zookeeper/log"},
			} {
				err := e.oneOff(ctx, workload.OneOff{
					Service: svc.name, Name: "permissions-" + svc.name, NoDeps: true, User: "root",
					Entrypoint: []string{"sh", "-c"}, Command: []string{"chmod -R a+w " + svc.dirs},
				})
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
}
