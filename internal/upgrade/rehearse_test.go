package upgrade

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
)

func TestTheCopyOfASiteIsItsFilesAndAnswers(t *testing.T) {
	e := newHop(t, tree{"docker-compose.yml": "old"}, tree{"docker-compose.yml": "new"}, tree{"docker-compose.yml": "mine", "sentry/config.yml": "a: b\n"})
	from := e.Site
	for name, text := range map[string]string{"secrets/mail.password": "x", "applied.json": "{}", "backup/repository.yaml": "repo: /r\n", "runs/1.jsonl": "{}\n", "history.jsonl": "{}\n"} {
		if err := site.WriteFile(from.Own(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("docker-compose.yml", from.Path("link")); err != nil {
		t.Fatal(err)
	}
	to, err := site.At(from.Own("rehearsal", "site"))
	if err == nil {
		err = CopySite(from, to, e.Hop.From)
	}
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(read(t, from.Dir), read(t, to.Dir)); d != "" {
		t.Errorf("files: %s", d)
	}
	for name, want := range map[string]bool{"site.yaml": true, "secrets/mail.password": true, "applied.json": true, "releases/25.5.1/docker-compose.yml": true,
		"releases/25.10.0": false, "backup": false, "runs/1.jsonl": false, "history.jsonl": false, "rehearsal": false} {
		if present(to.Own(name)) != want {
			t.Errorf("%s copied: %v", name, !want)
		}
	}
	if target, err := os.Readlink(to.Path("link")); err != nil || target != "docker-compose.yml" {
		t.Errorf("link: %q, %v", target, err)
	}
}

func TestStepTimes(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(s), 0) }
	got := StepTimes([]step.Record{
		{Kind: step.KindHeader, Time: at(0)}, {Kind: step.KindStarted, Step: "a", Time: at(1)}, {Kind: step.KindDone, Step: "a", Time: at(4)},
		{Kind: step.KindSkipped, Step: "b", Time: at(4)}, {Kind: step.KindStarted, Step: "c", Time: at(5)}, {Kind: step.KindFailed, Step: "c", Time: at(7)},
	})
	if d := cmp.Diff([]StepTime{{"a", 3 * time.Second}, {"c", 2 * time.Second}}, got); d != "" {
		t.Error(d)
	}
}

func TestRehearsalsReadBackAndTheOldestGo(t *testing.T) {
	e := newHop(t, nil, nil, nil)
	for i := range keptRehearsals + 3 {
		r := Rehearsal{Begun: time.Unix(int64(i), 0).UTC(), From: e.Hop.From, To: e.Hop.To, Good: true, Hops: []RehearsedHop{{UI: time.Second}, {UI: time.Minute}}}
		if _, err := SaveRehearsal(e.Site, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := site.WriteFile(e.Site.Own("rehearsals", "z.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Rehearsals(e.Site)
	if err != nil || len(got) != keptRehearsals || got[0].Begun.Unix() != 3 || got[0].To != calver.MustParse("25.10.0") || got[0].Downtime() != 61*time.Second {
		t.Errorf("got %d, %v", len(got), err)
	}
	if all, _ := filepath.Glob(e.Site.Own("rehearsals", "*.json")); len(all) != keptRehearsals+1 {
		t.Errorf("kept %d", len(all))
	}
}

func TestEveryStepThatIsNotRehearsedIsOne(t *testing.T) {
	have := map[step.ID]bool{}
	for _, s := range Steps(Hop{}) {
		have[s.ID] = true
	}
	for _, id := range NotRehearsed() {
		if !have[id] {
			t.Errorf("a hop has no step %s", id)
		}
	}
}
