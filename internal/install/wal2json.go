package install

import (
	"context"
	"fmt"
	"runtime"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

const (
	wal2jsonFile = "postgres/wal2json/wal2json.so"
	// The only release that the installer of these versions ever named.
	wal2jsonVersion = "0.0.2"
)

// wal2json fetches the PostgreSQL plug-in that the releases up to 24.7.1
// mount into their postgres container (install/install-wal2json.sh).
func wal2json() Step {
	return Step{
		ID: "wal2json", Title: "Fetch PostgreSQL's wal2json", Idempotent: true,
		Skip: applies(between("21.6.0", "24.7.1")),
		Done: func(_ context.Context, e *Env) (bool, error) { return exists(e.Site.Path(wal2jsonFile)), nil },
		Run: func(ctx context.Context, e *Env) error {
			arch := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
			url := fmt.Sprintf("https://github.com/getsentry/wal2json/releases/download/%s/wal2json-Linux-%s-glibc.so", wal2jsonVersion, arch)
			data, err := e.Downloads.Download(ctx, url, 8<<20)
			if err != nil {
				return fault.New(fault.CodeOf(err), "Fetch "+url+" on a connected machine and put it at "+e.Site.Path(wal2jsonFile), "fetch wal2json: %w", err)
			}
			return site.WriteFile(e.Site.Path(wal2jsonFile), data, 0o755)
		},
	}
}
