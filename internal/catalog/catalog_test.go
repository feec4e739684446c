package catalog_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/fault"
)

func load(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func ver(s string) calver.Version { return calver.MustParse(s) }

func TestHardStops(t *testing.T) {
	var got []string
	for _, s := range load(t).Stops() {
		got = append(got, s.Version.String())
	}
	want := []string{"9.1.2", "21.5.0", "21.6.3", "23.6.2", "23.11.0", "24.8.0", "25.5.1", "26.5.0", "26.7.0"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestAvoided(t *testing.T) {
	c := load(t)
	var got []string
	for _, v := range c.Versions() {
		if a, bad := c.Avoid(v); bad {
			got = append(got, v.String()+" -> "+a.Instead.String())
		}
	}
	want := []string{"23.7.0 -> 23.7.1", "24.12.0 -> 25.1.0", "24.12.1 -> 25.1.0", "26.2.0 -> 26.2.1"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestMinimums(t *testing.T) {
	type needs struct{ RAM, CPU, Recommended, Swap, Better int }
	cases := []struct {
		name, version, profile string
		want                   needs
	}{
		{"before the rise", "24.8.0", "", needs{3800, 2, 16384, 16384, 32768}},
		{"one profile", "25.1.0", catalog.ErrorsOnly, needs{14000, 4, 16384, 16384, 32768}},
		{"all features", "25.10.0", catalog.FeatureComplete, needs{14000, 4, 16384, 16384, 32768}},
		{"no profile named", "25.10.0", "", needs{14000, 4, 16384, 16384, 32768}},
		{"errors only", "25.10.0", catalog.ErrorsOnly, needs{7000, 2, 8192, 8192, 16384}},
		{"newer than the catalog", "99.1.0", catalog.FeatureComplete, needs{14000, 4, 16384, 16384, 32768}},
	}
	c := load(t)
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			m := c.Minimums(ver(tc.version), tc.profile)
			got := needs{m.RAMHardMB, m.CPUHard, m.RAMRecommendedMB, m.SwapRecommendedMB, m.RAMBetterMB}
			if got != tc.want || m.DiskFloorGB != 20 || m.EngineMin != "19.03.6" {
				t.Errorf("got %+v, disk %d, engine %s; want %+v, 20, 19.03.6", got, m.DiskFloorGB, m.EngineMin, tc.want)
			}
		})
	}
}

func TestEveryReleaseIsAnswered(t *testing.T) {
	c := load(t)
	for _, v := range append(c.Versions(), ver("99.1.0")) {
		for _, profile := range []string{catalog.FeatureComplete, catalog.ErrorsOnly} {
			if c.Minimums(v, profile).Source == "" {
				t.Errorf("%s: no minimums for %s", v, profile)
			}
		}
		if c.Engines(v).PostgreSQL.Version == "" || c.Volumes(v).Source == "" {
			t.Errorf("%s: no PostgreSQL or no volumes", v)
		}
		if v != ver("9.1.2") && c.Engines(v).ClickHouse.Version == "" {
			t.Errorf("%s: no ClickHouse", v)
		}
	}
}

func TestWalks(t *testing.T) {
	cases := []struct {
		name, engine, data, to, want string
		ok                           bool
	}{
		{"same series", catalog.ClickHouse, "23.8.11.29.altinitystable", "25.8.0", "", true},
		{"one series up", catalog.ClickHouse, "21.8.13.1", "24.6.0", "22.8.15.25.altinitystable 23.3.19.33.altinitystable 23.8.11.29.altinitystable", true},
		{"two series up", catalog.ClickHouse, "23.8.11.29", "25.9.0", "24.8.14.10459.altinitystable 25.3.6.10034.altinitystable", true},
		{"plain change of image", catalog.ClickHouse, "20.3.9.70", "23.11.0", "21.8.13.1.altinitystable", true},
		{"too far", catalog.ClickHouse, "20.3.9.70", "24.8.0", "", false},
		{"other architecture", catalog.ClickHouse, "21.8.12.29.altinitydev.arm", "23.11.0", "", true},
		{"minor of PostgreSQL", catalog.PostgreSQL, "14.5", "25.10.0", "", true},
		{"old PostgreSQL", catalog.PostgreSQL, "9.6", "24.8.0", "14", true},
		{"older PostgreSQL", catalog.PostgreSQL, "9.5", "24.8.0", "", false},
	}
	c := load(t)
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			rungs, ok := c.Walk(tc.engine, tc.data, ver(tc.to))
			var got []string
			for _, r := range rungs {
				got = append(got, r.Version)
			}
			if ok != tc.ok || strings.Join(got, " ") != tc.want {
				t.Errorf("got %q, %v; want %q, %v", got, ok, tc.want, tc.ok)
			}
		})
	}
	if n := len(c.Ladder(catalog.ClickHouse)) + len(c.Ladder(catalog.PostgreSQL)); n != 8 {
		t.Errorf("got %d walks, want 8", n)
	}
}

func TestWalksEndAtWhatTheReleaseCarries(t *testing.T) {
	c := load(t)
	for _, engine := range []string{catalog.ClickHouse, catalog.PostgreSQL} {
		for _, w := range c.Ladder(engine) {
			last := w.Rungs[len(w.Rungs)-1].Version
			if rungs, ok := c.Walk(engine, last, w.Since); !ok || len(rungs) > 0 {
				t.Errorf("%s from %s at %s ends at %s, which the release does not carry", engine, w.From, w.Since, last)
			}
		}
	}
}

func TestDemandsAndIssuesOfAHop(t *testing.T) {
	c := load(t)
	var demands, issues []string
	for _, d := range c.Demands(ver("25.8.0"), ver("25.10.0")) {
		demands = append(demands, d.ID)
	}
	for _, i := range c.Issues(ver("23.10.1"), ver("24.8.0")) {
		issues = append(issues, i.ID)
	}
	wantDemands := []string{"pgbouncer", "nodestore-s3", "seaweedfs-volume", "nodestore-build-network", "private-addresses", "air-gap", "symbolicator-volume-internal", "celery-gone"}
	if d := cmp.Diff(wantDemands, demands); d != "" {
		t.Error(d)
	}
	if !strings.Contains(strings.Join(issues, " "), "clickhouse-20-to-23") {
		t.Errorf("got issues %v, want clickhouse-20-to-23 among them", issues)
	}
}

func TestResolve(t *testing.T) {
	cases := []struct {
		name, want string
		opts       catalog.ResolveOptions
		version    string
		code       fault.Code
		says       string
	}{
		{"newest", "", catalog.ResolveOptions{}, "26.8.0", fault.OK, ""},
		{"newest below a bound", "latest", catalog.ResolveOptions{Max: ver("24.12.1")}, "24.11.2", fault.OK, ""},
		{"exact", "25.10.0", catalog.ResolveOptions{}, "25.10.0", fault.OK, ""},
		{"unknown", "25.10.9", catalog.ResolveOptions{}, "", fault.Usage, "25.10.0"},
		{"no version", "25.10", catalog.ResolveOptions{}, "", fault.Usage, "25.10.0"},
		{"to avoid", "24.12.0", catalog.ResolveOptions{}, "", fault.UpgradeBlocked, "--accept-avoided"},
		{"to avoid names the other", "24.12.0", catalog.ResolveOptions{}, "", fault.UpgradeBlocked, "25.1.0"},
		{"risk taken", "24.12.0", catalog.ResolveOptions{AcceptAvoided: true}, "24.12.0", fault.OK, ""},
		{"too old", "22.8.0", catalog.ResolveOptions{}, "", fault.Usage, "23.6.2 to 26.8.0"},
		{"too old here, but allowed", "22.8.0", catalog.ResolveOptions{Min: ver("9.1.2")}, "22.8.0", fault.OK, ""},
		{"newer than known", "27.1.0", catalog.ResolveOptions{}, "", fault.Usage, "26.8.0"},
		{"newer than known, with a source", "27.1.0", catalog.ResolveOptions{AcceptFuture: true}, "27.1.0", fault.OK, ""},
	}
	c := load(t)
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			got, err := c.Resolve(tc.want, tc.opts)
			if got.String() != tc.version || fault.CodeOf(err) != tc.code {
				t.Fatalf("got %q, %v; want %q, code %d", got, err, tc.version, tc.code)
			}
			if err != nil && !strings.Contains(err.Error()+" "+fault.HintOf(err), tc.says) {
				t.Errorf("%v / %s: does not name %q", err, fault.HintOf(err), tc.says)
			}
		})
	}
}

func TestNewerCatalogReplacesSections(t *testing.T) {
	path := filepath.Join(t.TempDir(), "catalog.yaml")
	const text = "format: 1\navoid:\n  - {version: 25.9.0, instead: 25.10.0, why: Because., source: a test}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, given := range []string{path, filepath.Dir(path)} {
		c, err := catalog.Read(given)
		if err != nil {
			t.Fatal(err)
		}
		_, now := c.Avoid(ver("25.9.0"))
		_, before := c.Avoid(ver("24.12.0"))
		if !now || before || len(c.Stops()) != 9 {
			t.Errorf("%s: got avoid %v, %v and %d stops; want the file's section and the others built in", given, now, before, len(c.Stops()))
		}
	}
}

func TestReadRefuses(t *testing.T) {
	cases := []struct{ name, text, says string }{
		{"unknown field", "format: 1\nstops:\n  - {version: 25.9.0, reason: x, source: y}\n", "reason"},
		{"unknown section", "format: 1\nstop: []\n", "stop"},
		{"no format", "avoid: []\n", "format"},
		{"other format", "format: 2\n", "format 2"},
		{"not a version", "format: 1\nstops:\n  - {version: nightly, why: x, source: y}\n", "nightly"},
		{"no source", "format: 1\nstops:\n  - {version: 25.9.0, why: x}\n", "source is missing"},
		{"unknown version", "format: 1\nstops:\n  - {version: 25.9.7, why: x, source: y}\n", "25.9.7"},
		{"range turned round", "format: 1\nsteps:\n  - {name: x, since: 25.9.0, until: 24.8.0, source: y}\n", "before it begins"},
		{"overlap", "format: 1\nvolumes:\n  - {since: 24.8.0, until: 25.9.0, source: y}\n  - {since: 25.8.0, source: y}\n", "overlaps"},
		{"date", "format: 1\nversions:\n  - {version: 25.9.0, date: today, source: y}\n", "today"},
		{"kind", "format: 1\ndemands:\n  - {id: a, version: 25.9.0, kind: wish, setting: s, want: w, why: y, source: z}\n", "wish"},
		{"not YAML", "format: [", "yaml"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "catalog.yaml")
			if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := catalog.Read(path)
			if fault.CodeOf(err) != fault.Usage || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want a usage error that names %q", err, tc.says)
			}
		})
	}
	if _, err := catalog.Read(filepath.Join(t.TempDir(), "none.yaml")); fault.CodeOf(err) != fault.Usage {
		t.Errorf("got %v, want a usage error", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("format: 1\nstops:\n  - {version: 25.9.0, why: x, source: y}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "catalog.yaml")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if c, err := catalog.Read(path); err == nil && len(c.Versions()) == 0 {
			t.Error("a catalog without versions")
		}
	})
}

func TestServicesComeAndGo(t *testing.T) {
	c := load(t)
	added, removed := c.ServicesChanged(ver("25.8.0"), ver("25.10.0"))
	if d := cmp.Diff([]string{"pgbouncer", "seaweedfs"}, added); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"cron", "snuba-spans-consumer", "worker"}, removed); d != "" {
		t.Error(d)
	}
	if n := len(c.Services(ver("26.3.1"))); n != 70 {
		t.Errorf("26.3.1 has %d services, want 70", n)
	}
}
