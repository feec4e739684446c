package capture_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup/capture"
	"github.com/sentryctl/sentryctl/internal/priority"
)

// The helper is polite while all runs, and in no way when services rest. With
// nothing at rest it stays polite. It goes up again as root only, as it is in
// its container.
func TestPriorityOfEachPass(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root may take a normal priority again")
	}
	low := priority.Priority{Nice: 10, IO: priority.Idle}
	for name, c := range map[string]struct {
		moving bool
		want   map[string]priority.Priority
	}{
		"services rest": {false, map[string]priority.Priority{"draft": low, "ready": {}, "final": {}}},
		"nothing rests": {true, map[string]priority.Priority{"draft": low, "ready": low, "final": low}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Cleanup(func() {
				if err := (priority.Priority{}).Take(); err != nil {
					t.Error(err)
				}
			})
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "f"), []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
			got := map[string]priority.Priority{}
			note := func(when string) {
				p, err := priority.Mine()
				if err != nil {
					t.Error(err)
				}
				got[when] = p
			}
			req := capture.Request{Access: made(t), Site: "s", Set: "1", Volumes: []capture.Volume{{Name: "v", Dir: dir}}, Drafts: 1, Moving: c.moving, Priority: low}
			err := capture.Run(t.Context(), req, strings.NewReader(capture.Go), func(r capture.Report) {
				switch {
				case r.Warning != "":
					t.Error(r.Warning)
				case r.Draft != nil:
					note("draft")
				case r.Ready:
					note("ready")
				case r.Final != nil:
					note("final")
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}
