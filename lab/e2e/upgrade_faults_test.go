package e2e

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/lab/labtest"
)

// What an admin asks of a hop that goes wrong is what happens: each of these
// ends with the site at the older version again.
func TestUpgradesThatGoWrong(t *testing.T) {
	labtest.Long(t)
	b := beforeUpgrade(t, older, newer)
	with := b.breaking(t, newer)
	for _, c := range []struct {
		name, broken string
		run          func(t *testing.T, b before)
	}{
		{"an image is missing", "SNUBA_IMAGE=127.0.0.1:1/absent/snuba:" + newer, imageIsMissing},
		{"a certificate is none", "", certificateIsNone},
		{"the time runs out", "STANDIN_MIGRATION_SECONDS=86400", timeRunsOut},
		{"no rollback, and back by hand", "STANDIN_MIGRATION=fail", backByHand},
		{"no rollback, and on when it is mended", "STANDIN_MIGRATION=fail", onWhenMended},
		{"the way back fails", "STANDIN_MIGRATION=fail", wayBackFails},
		{"ingest is stopped", "", ingestIsStopped},
	} {
		t.Run(c.name, func(t *testing.T) {
			with(t, c.broken)
			c.run(t, b)
			b.serves(t, older)
			if left := oneOffs(t, b.Site); len(left) > 0 {
				t.Errorf("commands left containers: %v", left)
			}
		})
	}
}

// A release whose image nobody has is refused before anything is touched.
func imageIsMissing(t *testing.T, b before) {
	b.refused(t, "registry", "127.0.0.1:1/absent/snuba:"+newer)
}

// So is one for a site whose authority's certificate is none.
func certificateIsNone(t *testing.T, b before) {
	path := filepath.Join(b.Dir, "certificates", "own.crt")
	if err := os.WriteFile(path, []byte("to be asked for\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	b.refused(t, "certificates", path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// refused wants an upgrade that one question of the gate stops, and which touches
// nothing.
func (b before) refused(t *testing.T, id, about string) {
	t.Helper()
	ran, files := containers(t, b.Site), written(t, b.Site)
	e := sentryctl(t, b.Site, b.upgrade()...).exits(4)
	wantText(t, "error", e.last("error").Error, id)
	found := slices.IndexFunc(e.last("gate").Findings, func(f finding) bool { return f.ID == id && f.State == "block" })
	if found < 0 {
		t.Fatalf("%s does not block: %+v", id, e.last("gate").Findings)
	}
	wantText(t, "finding", e.last("gate").Findings[found].Said, about)
	if touched := differing(ran, containers(t, b.Site)); len(touched) > 0 {
		t.Errorf("containers were touched: %v", touched)
	}
	now := written(t, b.Site)
	for _, own := range []map[string]string{files, now} { // whoever asks for health notes it
		delete(own, ".sentryctl/health.jsonl")
	}
	if touched := differing(files, now); len(touched) > 0 {
		t.Errorf("files were touched: %v", touched)
	}
}

// A hop that takes longer than it may is taken back, and says that.
func timeRunsOut(t *testing.T, b before) {
	e := sentryctl(t, b.Site, b.upgrade("--hop-timeout", "2m")...).exits(6)
	fault := e.last("error")
	wantText(t, "error", fault.Error, "back at "+older, "2m", "--hop-timeout")
	wantText(t, "hint", fault.Hint, filepath.Join(b.Dir, ".sentryctl", "failed"))
}

// stays runs an upgrade that fails and is to stay as it is.
func (b before) stays(t *testing.T, more ...string) {
	t.Helper()
	fault := sentryctl(t, b.Site, b.upgrade(append(more, "--no-rollback")...)...).exits(6).last("error")
	wantText(t, "error", fault.Error, "stays as it is", "migrate-database")
	wantText(t, "hint", fault.Hint, "sentryctl resume --site "+b.Dir, "sentryctl rollback --site "+b.Dir)
	record, unfinished := records(t, b.Site)
	if record != "installed "+older+" site" || len(unfinished) != 1 {
		t.Errorf("got %q, unfinished %v", record, unfinished)
	}
	if is := services(t, b.Site)["web"]; is == "running" {
		t.Error("web runs after a migration that failed")
	}
}

func backByHand(t *testing.T, b before) {
	b.stays(t)
	sentryctl(t, b.Site, "rollback", "--site", b.Dir, "--yes").exits(0)
}

// The checkpoint lies where only the upgrade was told: what follows finds it there.
// While it is away, a rollback touches nothing.
func onWhenMended(t *testing.T, b before) {
	repo, password := filepath.Join(t.TempDir(), "repo"), secretFile(t, "correct horse battery staple")
	elsewhere := []string{"--repo", repo, "--password-file", password}
	sentryctl(t, b.Site, append([]string{"backup", "init", "--site", b.Dir}, elsewhere...)...).exits(0)
	if err := os.Remove(filepath.Join(b.Dir, ".sentryctl", "backup", "repository.yaml")); err != nil {
		t.Fatal(err)
	}
	b.stays(t, elsewhere...)
	again := sentryctl(t, b.Site, "resume", "--site", b.Dir).exits(6).last("error")
	wantText(t, "error", again.Error, "stays as it is", "migrate-database")
	replace(t, filepath.Join(b.Dir, ".env"), "STANDIN_MIGRATION=fail", "")
	sentryctl(t, b.Site, "resume", "--site", b.Dir).exits(0)
	b.serves(t, newer)

	ran, back := containers(t, b.Site), []string{"rollback", "--site", b.Dir, "--yes"}
	if err := os.Rename(repo, repo+"-away"); err != nil {
		t.Fatal(err)
	}
	wantText(t, "error", sentryctl(t, b.Site, back...).exits(6).last("error").Error, "everything stays where it is", repo)
	if touched := differing(ran, containers(t, b.Site)); len(touched) > 0 {
		t.Errorf("containers were touched: %v", touched)
	}
	b.serves(t, newer)
	if err := os.Rename(repo+"-away", repo); err != nil {
		t.Fatal(err)
	}
	sentryctl(t, b.Site, back...).exits(0)
}

// A way back that cannot be walked leaves all where it is and says where; once
// it can, it is walked.
func wayBackFails(t *testing.T, b before) {
	repo := filepath.Join(b.Dir, ".sentryctl", "checkpoint", "repository")
	p := start(t, b.Site, b.upgrade()...)
	p.until("the migration", func(l said) bool { return l.Type == "step_started" && l.ID == "migrate-database" })
	if err := os.Rename(repo, repo+"-away"); err != nil {
		t.Fatal(err)
	}
	fault := p.wait().exits(6).last("error")
	wantText(t, "error", fault.Error, "migrate-database", "way back did not come to its end", repo, filepath.Join(b.Dir, ".sentryctl", "upgrade", "previous"))
	wantText(t, "hint", fault.Hint, "sentryctl resume --site "+b.Dir)
	volumes := mine(b.Site, docker(t, b.Site, "volume", "ls", "-q"))

	// As long as nothing is mended, nothing changes.
	for _, again := range [][]string{{"resume", "--site", b.Dir}, {"rollback", "--site", b.Dir, "--yes"}} {
		wantText(t, "error", sentryctl(t, b.Site, again...).exits(6).last("error").Error, "way back did not come to its end", repo)
	}
	if diff := cmp.Diff(volumes, mine(b.Site, docker(t, b.Site, "volume", "ls", "-q"))); diff != "" {
		t.Errorf("volumes (-before +after):\n%s", diff)
	}
	if _, err := os.Stat(repo); !os.IsNotExist(err) {
		t.Errorf("another repository was made in the place of the one that is away: %v", err)
	}
	if err := os.Rename(repo+"-away", repo); err != nil {
		t.Fatal(err)
	}
	sentryctl(t, b.Site, "resume", "--site", b.Dir).exits(0)
}

// With --stop-ingest nothing of the front answers while the checkpoint is made.
func ingestIsStopped(t *testing.T, b before) {
	p := start(t, b.Site, b.upgrade("--stop-ingest")...)
	p.until("the checkpoint", func(l said) bool { return l.Type == "step_started" && l.ID == "checkpoint" })
	if running := slices.DeleteFunc(slices.Sorted(maps.Keys(services(t, b.Site))), func(name string) bool { return !strings.HasPrefix(services(t, b.Site)[name], "running") }); len(running) > 0 {
		t.Errorf("%v run while the checkpoint is made", running)
	}
	p.wait().exits(0)
	b.serves(t, newer)
	sentryctl(t, b.Site, "rollback", "--site", b.Dir, "--yes").exits(0)
}
