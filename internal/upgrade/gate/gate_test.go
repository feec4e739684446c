package gate_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/config/merge"
	"github.com/sentryctl/sentryctl/internal/upgrade/gate"
	"github.com/sentryctl/sentryctl/internal/upgrade/plan"
)

// on is room on a disk of 10 GB.
func on(disk uint64, purpose gate.Purpose, gb int64) gate.Room {
	return gate.Room{For: purpose, Bytes: gb * 1e9, Disk: disk, Dir: "/disk", Free: 10e9}
}

func facts() gate.Facts {
	return gate.Facts{
		Site:     "/opt/sentry",
		Plan:     plan.Plan{From: calver.MustParse("25.8.0"), Needs: plan.Needs{Looked: true}, Space: plan.Space{Free: 10e9}},
		Rooms:    []gate.Room{on(1, gate.Images, 5)},
		DataRead: map[string]bool{"clickhouse": true, "postgresql": true},
		Hops:     []gate.Hop{{Version: calver.MustParse("25.10.0")}},
	}
}

func TestJudge(t *testing.T) {
	hit := plan.Issue{Issue: catalog.Issue{ID: "x", Severity: "block", Around: "Do y"}, Hit: "yes"}
	may := plan.Issue{Issue: catalog.Issue{ID: "x", Severity: "warn"}, Hit: "unknown"}
	cases := []struct {
		id    string
		state gate.State
		with  func(*gate.Facts)
	}{
		{"journal", gate.Block, func(f *gate.Facts) { f.Unfinished = "a" }},
		{"healthy", gate.Block, func(f *gate.Facts) { f.Failed = []string{"containers"} }},
		{"healthy", gate.Block, func(f *gate.Facts) { f.FailedWhy = "no Engine" }},
		{"migrations", gate.Block, func(f *gate.Facts) { f.Unapplied = []string{"sentry.0001"} }},
		{"migrations", gate.Block, func(f *gate.Facts) { f.MigrationsWhy = "web is not running" }},
		{"data-versions", gate.Warn, func(f *gate.Facts) { f.DataRead = nil }},
		{"hops", gate.Block, func(f *gate.Facts) { f.Plan.Hops = []plan.Hop{{ByHand: true}} }},
		{"issues", gate.Block, func(f *gate.Facts) { f.Plan.Hops = []plan.Hop{{Issues: []plan.Issue{hit}}} }},
		{"issues", gate.Warn, func(f *gate.Facts) { f.Plan.Hops = []plan.Hop{{Issues: []plan.Issue{may}}} }},
		{"machine", gate.Warn, func(f *gate.Facts) { f.Plan.Needs.Shortages = []string{"1 CPUs of 2"} }},
		{"room", gate.Block, func(f *gate.Facts) { f.Rooms = []gate.Room{on(1, gate.Images, 11)} }},
		{"room", gate.Block, func(f *gate.Facts) { f.Rooms = []gate.Room{on(1, gate.WayBack, 11)} }},
		{"room", gate.Warn, func(f *gate.Facts) { f.Plan.Space.Free = -1 }},
		{"checkpoint", gate.Block, func(f *gate.Facts) { f.CheckpointWhy = "the password is wrong" }},
		{"configuration", gate.Block, func(f *gate.Facts) { f.Hops[0].Conflicts = []merge.Conflict{{File: ".env", Line: 3}} }},
		{"configuration", gate.Block, func(f *gate.Facts) { f.Hops[0].Config = "sentry.conf.py was changed by hand" }},
		{"registry", gate.Block, func(f *gate.Facts) { f.Unreachable = []gate.Unreachable{{"x.test/a:1", "x.test", "no such host"}} }},
		{"preflight", gate.Block, func(f *gate.Facts) {
			f.Preflight = []gate.Check{{Text: "ram", Hint: "add"}, {Text: "engine-version", Hint: "update", Blocks: true}}
		}},
		{"preflight", gate.Warn, func(f *gate.Facts) { f.Preflight = []gate.Check{{Text: "ram", Hint: "add"}} }},
		{"preflight", gate.Warn, func(f *gate.Facts) { f.PreflightWhy = "no tree" }},
		{"certificates", gate.Block, func(f *gate.Facts) {
			f.Certificates = []gate.Check{{Text: "ca.crt has expired", Hint: "replace it", Blocks: true}}
		}},
		{"project", gate.Block, func(f *gate.Facts) { f.Hops[0].Project = "no service cron" }},
		{"images", gate.Warn, func(f *gate.Facts) { f.Hops[0].Missing = []string{"a:1"} }},
	}
	if r := gate.Judge(facts()); r.Blocked || len(r.Blocking()) > 0 {
		t.Errorf("nothing is wrong, and it says %+v", r)
	}
	for _, c := range cases {
		t.Run(c.id+" "+string(c.state), func(t *testing.T) {
			f := facts()
			c.with(&f)
			r := gate.Judge(f)
			for _, got := range r.Findings {
				want := gate.OK
				if got.ID == c.id {
					want = c.state
				}
				if got.State != want || want == gate.Block && (got.Said == "" || got.Hint == "") {
					t.Errorf("got %+v, want %s", got, want)
				}
			}
			if r.Blocked != (c.state == gate.Block) || strings.Join(r.Blocking(), "") != map[bool]string{true: c.id}[r.Blocked] {
				t.Errorf("blocked: %v by %v", r.Blocked, r.Blocking())
			}
		})
	}
}

// What hits this site is not told as what may.
func TestAnIssueThatHits(t *testing.T) {
	f := facts()
	f.Plan.Hops = []plan.Hop{{Issues: []plan.Issue{
		{Issue: catalog.Issue{ID: "loses", Severity: "warn"}, Hit: "yes"}, {Issue: catalog.Issue{ID: "perhaps", Severity: "block"}, Hit: "unknown"}, {Issue: catalog.Issue{ID: "told", Severity: "info"}, Hit: "yes"},
	}}}
	for _, got := range gate.Judge(f).Findings {
		if got.ID == "issues" && (got.State != gate.Warn || got.Said != "loses, perhaps (may)") {
			t.Errorf("got %+v", got)
		}
	}
}

func TestWithoutATreeNothingIsTakenForWell(t *testing.T) {
	f := facts()
	f.Hops[0].TreeWhy = "no network"
	got := map[string]gate.State{}
	for _, finding := range gate.Judge(f).Findings {
		if finding.State != gate.OK {
			got[finding.ID] = finding.State
		}
	}
	if d := cmp.Diff(map[string]gate.State{"releases": gate.Block, "configuration": gate.Warn, "project": gate.Warn, "images": gate.Warn,
		"registry": gate.Warn, "preflight": gate.Warn}, got); d != "" {
		t.Error(d)
	}
}

func tree(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func TestCarryOverTwoHops(t *testing.T) {
	one := tree(map[string]string{"nginx.conf": "a\nb\nc\nd\n", "sentry/config.example.yml": "k: 1\nsame: 0\n", ".env": "V=1\nX=1\n", "gone.conf": "x\n"})
	two := tree(map[string]string{"nginx.conf": "a\nb\nc\nD\n", "sentry/config.example.yml": "k: 1\nsame: 0\nnew: 2\n", ".env": "V=2\nX=1\n"})
	three := tree(map[string]string{"nginx.conf": "a\nB\nc\nD\n", "sentry/config.example.yml": "k: 3\nsame: 0\nnew: 2\n", ".env": "V=3\nX=1\n"})
	disk := tree(map[string]string{"nginx.conf": "mine\na\nb\nc\nd\n", "sentry/config.yml": "k: mine\nsame: 0\n", ".env": "V=1\nX=1\n", "gone.conf": "x\n"})

	files, conflicts, err := gate.Carry(gate.Tree{FS: one}, gate.Tree{FS: two}, disk, nil)
	want := gate.Files{"nginx.conf": []byte("mine\na\nb\nc\nD\n"), "sentry/config.yml": []byte("k: mine\nsame: 0\nnew: 2\n"), ".env": []byte("V=2\nX=1\n")}
	if d := cmp.Diff(want, files); d != "" || len(conflicts) > 0 || err != nil {
		t.Fatalf("first hop: %v, %v\n%s", conflicts, err, d)
	}
	files, conflicts, err = gate.Carry(gate.Tree{FS: two}, gate.Tree{FS: three}, disk, files)
	if err != nil || len(conflicts) != 1 || conflicts[0].File != "sentry/config.yml" || string(files["nginx.conf"]) != "mine\na\nB\nc\nD\n" {
		t.Errorf("second hop: got %v, %q, %v", conflicts, files["nginx.conf"], err)
	}
}

func TestOurOwnBlockIsNoEdit(t *testing.T) {
	const block = "\n# >>> sentryctl >>>\nC = 1\n# <<< sentryctl <<<\n"
	one := tree(map[string]string{"sentry/sentry.conf.example.py": "A = 1\n#\n#\nB = 1\n"})
	two := tree(map[string]string{"sentry/sentry.conf.example.py": "A = 1\n#\n#\nB = 2\n"})
	for _, c := range []struct{ name, have, want string }{
		{"as it was written", "A = 1\n#\n#\nB = 1\n" + block, "A = 1\n#\n#\nB = 2\n" + block},
		{"the admin's lines stay behind it", "A = 1\n#\n#\nB = 1\n" + block + "C = 2\n", "A = 1\n#\n#\nB = 2\n" + block + "C = 2\n"},
		{"beside an edit", "A = 0\n#\n#\nB = 1\n" + block, "A = 0\n#\n#\nB = 2\n" + block},
	} {
		t.Run(c.name, func(t *testing.T) {
			disk := tree(map[string]string{"sentry/sentry.conf.py": c.have})
			files, conflicts, err := gate.Carry(gate.Tree{FS: one}, gate.Tree{FS: two}, disk, nil)
			if got := string(files["sentry/sentry.conf.py"]); err != nil || len(conflicts) > 0 || got != c.want {
				t.Errorf("got %q, %v, %v, want %q", got, conflicts, err, c.want)
			}
		})
	}
}

// What the answers have written into a file is no edit of the admin's.
func TestCarryKnowsWhatTheAnswersWrote(t *testing.T) {
	one := fstest.MapFS{"sentry/config.example.yml": {Data: []byte("# old words\nsystem.secret-key: changeme\nend: 1\n")}}
	two := fstest.MapFS{"sentry/config.example.yml": {Data: []byte("# new words\nsystem.secret-key: changeme\nend: 1\n")}}
	disk := fstest.MapFS{"sentry/config.yml": {Data: []byte("# old words\nsystem.secret-key: k\nend: mine\n")}}
	rendered := func(words string) gate.Files {
		return gate.Files{"sentry/config.yml": []byte("# " + words + " words\nsystem.secret-key: k\nend: 1\n")}
	}
	files, conflicts, err := gate.Carry(gate.Tree{FS: one, Rendered: rendered("old")}, gate.Tree{FS: two, Rendered: rendered("new")}, disk, nil)
	if err != nil || len(conflicts) > 0 {
		t.Fatalf("%v, %v", conflicts, err)
	}
	if got, want := string(files["sentry/config.yml"]), "# new words\nsystem.secret-key: k\nend: mine\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
