package plan_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/upgrade/plan"
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

func hops(p plan.Plan) string {
	var list []string
	for _, h := range p.Hops {
		list = append(list, h.To.String())
	}
	return strings.Join(list, " ")
}

func rungs(p plan.Plan) string {
	var list []string
	for _, h := range p.Hops {
		for _, r := range h.Rungs {
			list = append(list, h.To.String()+":"+catalog.Series(r.Engine, r.To))
		}
	}
	return strings.Join(list, " ")
}

func TestPaths(t *testing.T) {
	cases := []struct{ name, from, to, want string }{
		{"hard stops", "22.8.0", "24.2.0", "23.6.2 23.11.0 24.2.0"},
		{"from a hard stop", "23.6.2", "24.2.0", "23.11.0 24.2.0"},
		{"to a hard stop", "22.8.0", "23.11.0", "23.6.2 23.11.0"},
		{"inside two hard stops", "25.6.0", "26.4.0", "26.4.0"},
		{"the whole way", "9.1.2", "26.8.0", "21.5.0 21.6.3 23.6.2 23.11.0 24.8.0 25.5.1 26.5.0 26.7.0 26.8.0"},
		{"newest", "25.5.1", "latest", "26.5.0 26.7.0 26.8.0"},
		{"newest when nothing is said", "26.7.0", "", "26.8.0"},
		{"nowhere", "26.8.0", "26.8.0", ""},
	}
	c := load(t)
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			p, err := plan.New(c, plan.Request{From: tc.from, To: tc.to})
			if err != nil || hops(p) != tc.want {
				t.Errorf("got %q, %v; want %q", hops(p), err, tc.want)
			}
		})
	}
}

func TestLadder(t *testing.T) {
	ch, pg := catalog.ClickHouse, catalog.PostgreSQL
	cases := []struct {
		name, from, to string
		data           map[string]string
		hops, rungs    string
	}{
		{"as the releases carry them", "22.8.0", "25.9.0", nil, "23.6.2 23.11.0 24.8.0 25.5.1 25.9.0",
			"23.6.2:14 23.11.0:21.8 24.8.0:22.8 24.8.0:23.3 24.8.0:23.8 25.9.0:24.8 25.9.0:25.3"},
		{"no ClickHouse yet", "9.1.2", "21.6.3", nil, "21.5.0 21.6.3", "21.5.0:9.6"},
		{"behind the installed release, which leads it on", "24.4.1", "24.8.0", map[string]string{ch: "20.3.9.70"}, "24.8.0",
			"24.8.0:21.8 24.8.0:22.8 24.8.0:23.3 24.8.0:23.8"},
		{"behind the installed release", "25.8.0", "25.10.0", map[string]string{ch: "21.8.13.1"}, "25.10.0",
			"25.10.0:22.8 25.10.0:23.3 25.10.0:23.8 25.10.0:24.8 25.10.0:25.3"},
		{"PostgreSQL that was never led on", "23.11.0", "24.8.0", map[string]string{pg: "9.6"}, "24.8.0", "24.8.0:22.8 24.8.0:23.3 24.8.0:23.8 24.8.0:14"},
		{"a release that still carries the rung is a stop", "22.10.0", "23.6.2", map[string]string{pg: "9.5"}, "", ""},
		{"older PostgreSQL on the way", "21.4.0", "23.6.2", map[string]string{pg: "9.5"}, "21.5.0 21.6.3 23.6.2", "21.5.0:9.6 23.6.2:14"},
		{"a stop of its own", "21.7.0", "23.6.2", map[string]string{pg: "9.5"}, "23.6.2", "23.6.2:9.6 23.6.2:14"},
		{"a ladder that was interrupted", "24.8.0", "25.5.1", map[string]string{ch: "22.8"}, "25.5.1", "25.5.1:23.3 25.5.1:23.8"},
		{"a ladder that was interrupted on its last rung but one", "25.8.0", "25.9.0", map[string]string{ch: "24.8.14.1"}, "25.9.0", "25.9.0:25.3"},
		{"an image of the site's own", "25.5.1", "25.10.0", map[string]string{ch: "23.8.1", pg: "15"}, "25.10.0", "25.10.0:24.8 25.10.0:25.3"},
		{"other architecture", "22.8.0", "24.8.0", map[string]string{ch: "21.6.1.6734-testing-arm"}, "23.6.2 23.11.0 24.8.0",
			"23.6.2:14 23.11.0:21.8 24.8.0:22.8 24.8.0:23.3 24.8.0:23.8"},
	}
	c := load(t)
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			p, err := plan.New(c, plan.Request{From: tc.from, To: tc.to, Facts: plan.Facts{Data: tc.data}})
			if tc.hops == "" {
				if fault.CodeOf(err) != fault.UpgradeBlocked || fault.HintOf(err) == "" {
					t.Errorf("got %v, want a path that is blocked", err)
				}
				return
			}
			if err != nil || hops(p) != tc.hops || rungs(p) != tc.rungs {
				t.Errorf("got %q with %q, %v; want %q with %q", hops(p), rungs(p), err, tc.hops, tc.rungs)
			}
		})
	}
}

func TestDataAheadOfTheReleaseIsTold(t *testing.T) {
	p, err := plan.New(load(t), plan.Request{From: "25.5.1", To: "25.8.0", Facts: plan.Facts{Data: map[string]string{catalog.ClickHouse: "25.3.6.1"}}})
	if err != nil || rungs(p) != "" || !strings.Contains(strings.Join(p.Notes, " "), "ClickHouse 25.3, newer than what 25.5.1 carries") {
		t.Errorf("got %v, %v", p, err)
	}
}

func TestRefusals(t *testing.T) {
	cases := []struct {
		name string
		r    plan.Request
		code fault.Code
		says string // in the message or the hint
	}{
		{"downgrade", plan.Request{From: "24.8.0", To: "24.2.0"}, fault.UpgradeBlocked, "Restore a backup that was made with 24.2.0"},
		{"avoided", plan.Request{From: "24.8.0", To: "24.12.0"}, fault.UpgradeBlocked, "Use --to 25.1.0 instead (24.8.0, 25.1.0), or take the risk with --accept-avoided"},
		{"avoided and no way to the other", plan.Request{From: "25.12.0", To: "26.2.0"}, fault.UpgradeBlocked, "26.2.1"},
		{"unknown target", plan.Request{From: "24.8.0", To: "25.10.9"}, fault.Usage, "25.10.0"},
		{"unknown origin", plan.Request{From: "24.5.0", To: "25.10.0"}, fault.Usage, "24.9.0"},
		{"newer than known", plan.Request{From: "24.8.0", To: "27.1.0"}, fault.Usage, "26.8.0"},
		{"nightly site", plan.Request{From: "nightly", To: "25.10.0"}, fault.UpgradeBlocked, "sentryctl adopt looks again"},
		{"latest site", plan.Request{From: "latest", To: "25.10.0"}, fault.UpgradeBlocked, "the site runs \"latest\", which is no release"},
		{"an image of one's own", plan.Request{From: "24.8.0-acme", To: "25.10.0"}, fault.UpgradeBlocked, "sentryctl adopt looks again"},
		{"a commit", plan.Request{From: "1d2e3f4a5b6c", To: "25.10.0"}, fault.UpgradeBlocked, "no release"},
		{"an ID", plan.Request{From: strings.Repeat("0a", 32), To: "25.10.0"}, fault.UpgradeBlocked, "no release"},
		{"a digest", plan.Request{From: "sha256:0123abcd", To: "25.10.0"}, fault.UpgradeBlocked, "no release"},
		{"nightly target", plan.Request{From: "24.8.0", To: "nightly"}, fault.UpgradeBlocked, "Use --to 26.8.0"},
		{"no origin", plan.Request{To: "25.10.0"}, fault.Usage, "--from"},
		{"data that nothing leads on", plan.Request{From: "24.8.0", To: "25.8.0", Facts: plan.Facts{Data: map[string]string{catalog.ClickHouse: "20.3.9.70"}}},
			fault.UpgradeBlocked, "Restore a backup from before the site left 24.4.1"},
	}
	c := load(t)
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			_, err := plan.New(c, tc.r)
			if fault.CodeOf(err) != tc.code {
				t.Fatalf("got %v with code %d, want %d", err, fault.CodeOf(err), tc.code)
			}
			if text := err.Error() + " / " + fault.HintOf(err); !strings.Contains(text, tc.says) || fault.HintOf(err) == "" {
				t.Errorf("%s: does not say %q", text, tc.says)
			}
		})
	}
}

func TestRiskTaken(t *testing.T) {
	c := load(t)
	p, err := plan.New(c, plan.Request{From: "24.8.0", To: "24.12.0", AcceptAvoided: true})
	if err != nil || hops(p) != "24.12.0" || !strings.Contains(strings.Join(p.Hops[0].Notes, " "), "on your word") {
		t.Errorf("got %v, %v", p, err)
	}
	p, err = plan.New(c, plan.Request{From: "26.8.0", To: "27.1.0", AcceptFuture: true})
	if err != nil || hops(p) != "27.1.0" || !strings.Contains(strings.Join(p.Hops[0].Notes, " "), "newer than this catalog") {
		t.Errorf("got %v, %v", p, err)
	}
}

func TestKnownIssueThatHitsIsGoneAround(t *testing.T) {
	c := load(t)
	for hit, want := range map[bool]string{true: "20.12.1 21.5.0", false: "21.5.0"} {
		p, err := plan.New(c, plan.Request{From: "9.1.2", To: "21.5.0", Facts: plan.Facts{Hit: map[string]bool{"south-bridge": hit}}})
		if err != nil || hops(p) != want {
			t.Errorf("hit %v: got %q, %v; want %q", hit, hops(p), err, want)
		}
	}
}

// with is the built-in catalog with sections replaced.
func with(t *testing.T, sections string) *catalog.Catalog {
	t.Helper()
	path := filepath.Join(t.TempDir(), "catalog.yaml")
	if err := os.WriteFile(path, []byte("format: 1\n"+sections), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := catalog.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheLastReleaseThatCarriesARungIsAStop(t *testing.T) {
	c := with(t, `walks:
  - {engine: clickhouse, from: "23.8", since: 25.9.0, until: 25.12.1, source: a test, rungs: [{version: 25.3.1, image: a}]}
`)
	p, err := plan.New(c, plan.Request{From: "25.8.0", To: "26.4.0"})
	if err != nil || hops(p) != "25.12.1 26.4.0" || rungs(p) != "25.12.1:25.3" || p.Hops[0].Cause != plan.Ladder {
		t.Errorf("got %v, %v", p, err)
	}
	_, err = plan.New(c, plan.Request{From: "26.1.0", To: "26.4.0", Facts: plan.Facts{Data: map[string]string{catalog.ClickHouse: "23.8.1"}}})
	if fault.CodeOf(err) != fault.UpgradeBlocked || !strings.Contains(fault.HintOf(err), "25.12.1") {
		t.Errorf("got %v / %s, want a refusal that names 25.12.1", err, fault.HintOf(err))
	}
}

func TestAHardStopToAvoidHasAStandIn(t *testing.T) {
	c := with(t, "avoid:\n  - {version: 24.8.0, instead: 24.9.0, why: Because., source: a test}\n")
	p, err := plan.New(c, plan.Request{From: "24.2.0", To: "25.1.0"})
	if err != nil || hops(p) != "24.9.0 25.1.0" || p.Hops[0].Cause != plan.StandIn {
		t.Errorf("got %q, %v", hops(p), err)
	}
}

func TestCost(t *testing.T) {
	c := load(t)
	r := plan.Request{From: "22.8.0", To: "23.6.2", Facts: plan.Facts{
		Host:    &plan.Host{CPUs: 1, RAMMiB: 2000, FreeBytes: 5 << 30},
		Volumes: map[string]int64{"sentry-postgres": 3 << 30, "sentry-kafka": 9 << 30},
		Images:  map[calver.Version][]plan.Image{ver("23.6.2"): {{Ref: "a:1", Bytes: 100}, {Ref: "b:1", Present: true, Bytes: 7}, {Ref: "c:1"}}},
	}}
	p, err := plan.New(c, r)
	if err != nil {
		t.Fatal(err)
	}
	wantImages := plan.Images{Known: true, Pull: []string{"a:1", "c:1"}, Bytes: 100, Unsized: 1, Here: plan.Here{Count: 1, Bytes: 7}}
	if d := cmp.Diff(wantImages, p.Hops[0].Images); d != "" {
		t.Error(d)
	}
	wantSpace := plan.Space{Free: 5 << 30, Known: 6 << 30, Parts: []plan.Part{
		{What: "images of 23.6.2", Bytes: -1}, {What: "PostgreSQL 14 beside 9.6", Bytes: 3 << 30}, {What: "checkpoint", Bytes: 3 << 30}}}
	if d := cmp.Diff(wantSpace, p.Space); d != "" {
		t.Error(d)
	}
	r.Facts.Volumes["sentry-clickhouse"] = -1
	if p, err := plan.New(c, r); err != nil || p.Space.Parts[2].Bytes != -1 {
		t.Errorf("a volume of unknown size: got %+v, %v", p.Space, err)
	}
	if d := cmp.Diff([]string{"1 CPUs of 2", "2000 MiB of memory of 3800", "5 GiB of free disk of 20"}, p.Needs.Shortages); d != "" {
		t.Error(d)
	}
	if want := (plan.Downtime{NS: 5*time.Minute + 150*time.Second, Basis: "assumed"}); p.Hops[0].Downtime != want {
		t.Errorf("got %v, want %v", p.Hops[0].Downtime, want)
	}
}

// A site of 23.6.2 has no migration of 24.8.0 yet: that says nothing of whether
// 24.8.0 will have run it when the path goes on from there.
func TestWhatTheDatabaseSaysNowIsNotSaidOfLaterReleases(t *testing.T) {
	c := load(t)
	hit := map[string]bool{"hard-stop-24-8-incomplete": true, "notificationmessage-constraint": true, "migration-0087-order": true}
	for from, want := range map[string]map[string]string{
		"23.6.2": {"hard-stop-24-8-incomplete": "unknown", "notificationmessage-constraint": "yes"},
		"24.8.0": {"hard-stop-24-8-incomplete": "yes", "notificationmessage-constraint": "yes"},
	} {
		p, err := plan.New(c, plan.Request{From: from, To: "26.5.0", Facts: plan.Facts{Hit: hit}})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, h := range p.Hops {
			for _, i := range h.Issues {
				if want[i.ID] != "" {
					got[i.ID] = i.Hit
				}
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("from %s (-want +got):\n%s", from, d)
		}
	}
}

func TestDowntimeComesFromHistory(t *testing.T) {
	c := load(t)
	history := []plan.Measured{
		{From: ver("25.8.0"), To: ver("25.9.0"), Rungs: 2, UI: time.Hour, OK: true},
		{From: ver("25.9.0"), To: ver("25.10.0"), UI: 40 * time.Second, OK: true},
		{From: ver("25.10.0"), To: ver("25.11.0"), UI: 60 * time.Second, OK: true},
		{From: ver("25.11.0"), To: ver("25.12.0"), UI: time.Second},
		{From: ver("25.9.0"), To: ver("25.10.0"), UI: time.Second, OK: true, Rehearsed: true},
		{From: ver("25.9.0"), To: ver("25.12.0"), UI: 90 * time.Second, OK: true, Rehearsed: true},
		{From: ver("25.9.0"), To: ver("25.12.0"), UI: time.Second, Rehearsed: true},
	}
	for to, want := range map[string]plan.Downtime{
		"25.10.0": {NS: 40 * time.Second, Basis: "measured here for this hop"},
		"25.12.0": {NS: 90 * time.Second, Basis: "rehearsed for this hop; the checkpoint comes on top"},
		"26.1.0":  {NS: 60 * time.Second, Basis: "measured here for 2 other hops, rungs assumed"},
	} {
		p, err := plan.New(c, plan.Request{From: "25.9.0", To: to, History: history})
		if err != nil || p.Hops[0].Downtime != want || p.DowntimeNS != want.NS {
			t.Errorf("%s: got %v, %v; want %v", to, p.Hops[0].Downtime, err, want)
		}
	}
}

func TestProfiles(t *testing.T) {
	c := load(t)
	for profile, want := range map[string]string{"errors-only": "COMPOSE_PROFILES=errors-only", "": "COMPOSE_PROFILES=feature-complete"} {
		p, err := plan.New(c, plan.Request{From: "24.2.0", To: "26.5.0", Profile: profile})
		if err != nil || !strings.Contains(p.String(), want) {
			t.Errorf("%q: got %v, %v", profile, p, err)
		}
		if got := strings.Contains(p.String(), "launchpad-secret"); got != (profile == "") {
			t.Errorf("%q: launchpad's secret is demanded: %v", profile, got)
		}
	}
}

var updateGolden = flag.Bool("update", false, "rewrite golden files")

func TestGolden(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.txt"))
	if err != nil || len(files) < 30 {
		t.Fatalf("%d golden plans, %v; want 30 or more", len(files), err)
	}
	c := load(t)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			words := strings.Split(name, "_") // 22.8.0_24.2.0 and then a profile, if any
			r := plan.Request{From: words[0], To: words[1], AcceptAvoided: true}
			if len(words) > 2 {
				r.Profile = words[2]
			}
			got := refusalOr(plan.New(c, r))
			if *updateGolden {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Errorf("- %s, + got:\n%s", file, d)
			}
		})
	}
}

func refusalOr(p plan.Plan, err error) string {
	if err != nil {
		return "refused: " + err.Error() + "\nhint: " + fault.HintOf(err) + "\n"
	}
	return p.String()
}
