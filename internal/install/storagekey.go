package install

import (
	"context"
	"fmt"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// readStorageKey runs in a container of the object storage: its filer, with S3
// off so that no new key is made, gives out the key that it keeps. It is
// written beside the data for the helper, and is seen by nobody else.
const readStorageKey = `set -eu
umask 077
cd /data
[ -d filerldb2 ] && [ ! -e .sentry-seaweedfs-kek-migrated ] || exit 0
weed server -dir=/data -master=true -master.port=9333 -volume=false -filer=true -filer.port=8888 -s3=false -webdav=false -ip.bind=0.0.0.0 >/tmp/weed.log 2>&1 &
weed=$!
export http_proxy= HTTP_PROXY=
tries=0
until wget -q -O /dev/null http://127.0.0.1:8888/; do
  tries=$((tries + 1))
  if [ $tries -gt 120 ] || ! kill -0 $weed; then tail -n 20 /tmp/weed.log >&2; exit 1; fi
  sleep 1
done
wget -S -O .sentryctl-stored-key.new http://127.0.0.1:8888/etc/s3/sse_kek 2>/tmp/said || true
code=$(sed -n 's/^ *HTTP\/[0-9.]* \([0-9]*\).*/\1/p' /tmp/said | tail -n 1)
kill $weed
wait $weed || true
case "$code" in
200) mv .sentryctl-stored-key.new .sentryctl-stored-key ;;
404) rm -f .sentryctl-stored-key.new; touch .sentry-seaweedfs-kek-migrated ;;
*) rm -f .sentryctl-stored-key.new; echo "the filer answers ${code:-nothing} for its key" >&2; exit 1 ;;
esac
`

// moveStorageKey carries the key that objects are encrypted with from the
// filer, where the mode "server" kept it, to where the mode "mini" of 26.7.0
// and newer reads it, before that starts (upstream's
// install/migrate-seaweedfs-kek.sh, which came with 26.8.0).
func moveStorageKey() Step {
	return Step{
		ID: "move-storage-key", Title: "Move the object storage's key", Idempotent: true,
		Done: dataReady,
		Skip: applies(since("26.7.0"), hasService("seaweedfs")),
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			if err := s.Stop(ctx, "seaweedfs"); err != nil {
				return err
			}
			err = e.oneOff(ctx, workload.OneOff{
				Service: "seaweedfs", Name: "read-storage-key", NoDeps: true, Entrypoint: []string{"sh", "-c"}, Command: []string{readStorageKey},
			})
			if err != nil {
				return err
			}
			_, err = s.RunHelper(ctx, workload.Helper{
				Name: "move-storage-key", Args: []string{"storage-key"},
				Mounts: []workload.Mount{{Volume: volumeAt(s.Model(), "seaweedfs", "/data"), Path: "/data"}},
			})
			if err != nil {
				return fmt.Errorf("move the object storage's key: %w", err)
			}
			return nil
		},
	}
}

// copyProfiles copies the profiles of vroom's volume into the bucket that
// Sentry and vroom share from 25.11.1 on (install/bootstrap-s3-profiles.sh).
// The volume keeps its files.
func copyProfiles() Step {
	return Step{
		ID: "copy-profiles", Title: "Copy profiles into object storage", Idempotent: true,
		Done: dataReady,
		Skip: applies(since("25.11.1"), hasService("seaweedfs"), hasService("vroom"), fullOnly),
		Run: func(ctx context.Context, e *Env) error {
			s, err := e.Stack(ctx)
			if err != nil {
				return err
			}
			volume := volumeAt(s.Model(), "vroom", profilesDir)
			if volume == "" {
				e.Sink.Emit(event.Notice{Level: "info", Text: "vroom has no volume at " + profilesDir + ": there are no profiles to copy"})
				return nil
			}
			said, err := s.RunHelper(ctx, workload.Helper{
				Name: "copy-profiles", Args: []string{"upload", "--endpoint", storageEndpoint, "--bucket", "profiles", "--dir", "/profiles"},
				Mounts:  []workload.Mount{{Volume: volume, Path: "/profiles", ReadOnly: true}},
				Network: s.Model().Project + "_default", Stdin: []byte(storageKeys),
			})
			if err != nil {
				return fmt.Errorf("copy profiles: %w", err)
			}
			e.Sink.Emit(event.Log{Source: "profiles", Text: string(said)})
			return nil
		},
	}
}

const profilesDir = "/var/vroom/sentry-profiles"

func fullOnly(_ context.Context, e *Env) (string, error) {
	if e.Profile != fullProfile {
		return "only for the profile " + fullProfile, nil
	}
	return "", nil
}
