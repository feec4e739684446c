package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/preflight"
	"github.com/sentryctl/sentryctl/internal/release"
)

func TestTarget(t *testing.T) {
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	v := calver.MustParse("25.10.0")
	full := preflight.Minimums{
		Engine: "19.03.6", CPUs: 4, RAMMiB: 14000, RAMRecommendedMiB: 16384, RAMBetterMiB: 32768, SwapRecommendedMiB: 16384, DiskGiB: 20,
	}
	model := &release.Model{
		Project: "lab", Volumes: []release.Volume{{Name: "sentry-data", EngineName: "lab-data", External: true}, {Name: "x", EngineName: "lab_x"}},
		Services: []release.Service{{Name: "redis", Nofile: 10032}, {Name: "web"}},
		Env:      []release.EnvVar{{Name: "SENTRY_BIND", Default: "9123", Set: true}},
	}
	cases := []struct {
		name string
		in   targetInput
		want preflight.Target
	}{
		{"from the release", targetInput{Version: v, Profile: "feature-complete", SiteDir: "/opt/sentry", Model: model},
			preflight.Target{Version: v, Profile: "feature-complete", SiteDir: "/opt/sentry", Minimums: full, Project: "lab",
				Volumes: []string{"lab-data", "lab_x"}, Nofile: []preflight.NofileAsk{{Service: "redis", Hard: 10032}}, Bind: "9123"}},
		{"the admin's port", targetInput{Version: v, Profile: "feature-complete", Bind: "127.0.0.1:80", URL: "https://s", Model: &release.Model{Project: "p"}},
			preflight.Target{Version: v, Profile: "feature-complete", Minimums: full, Project: "p", Bind: "127.0.0.1:80", URL: "https://s"}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if d := cmp.Diff(tc.want, newTarget(c, tc.in), cmp.Comparer(func(a, b calver.Version) bool { return a == b })); d != "" {
				t.Error(d)
			}
		})
	}
	got := newTarget(c, targetInput{Version: v, Profile: "errors-only"})
	if got.Project != "sentry-self-hosted" || got.Bind != "9000" || got.LargestNofile().Hard != 262144 || got.Minimums.RAMMiB != 7000 {
		t.Errorf("from the catalog: %+v", got)
	}
	for _, name := range []string{"sentry-postgres", "sentry-self-hosted_sentry-vroom"} {
		if !strings.Contains(strings.Join(got.Volumes, " "), name) {
			t.Errorf("%s is missing in %v", name, got.Volumes)
		}
	}
}

// TestOverrideOfTheAdminCounts proves that a limit which an override lowers is
// no longer asked for: it is the way out where a daemon cannot grant it.
func TestOverrideOfTheAdminCounts(t *testing.T) {
	tree, dir := t.TempDir(), t.TempDir()
	for path, text := range map[string]string{
		filepath.Join(tree, "docker-compose.yml"): "services: {clickhouse: {image: c, ulimits: {nofile: {soft: 262144, hard: 262144}}}}\n",
		filepath.Join(tree, ".env"):               "COMPOSE_PROJECT_NAME=p\nSENTRY_IMAGE=sentry:25.10.0\n",
		filepath.Join(dir, overrideFile):          "services: {clickhouse: {ulimits: {nofile: {soft: 4096, hard: 4096}}}}\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	plan, err := planPreflight(t.Context(), preflightOptions{site: dir, source: tree})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]preflight.NofileAsk{{Service: "clickhouse", Hard: 4096}}, plan.target.Nofile); d != "" {
		t.Error(d)
	}
	plan, err = planPreflight(t.Context(), preflightOptions{site: dir, version: "25.10.0"})
	if err != nil || plan.target.Nofile != nil {
		t.Errorf("without the release: %v, %v", plan.target.Nofile, err)
	}
}

func TestAppendLineOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fstab")
	for before, want := range map[string]string{
		"":                       "swap\n",
		"/dev/sda1 / ext4":       "/dev/sda1 / ext4\nswap\n",
		"/dev/sda1 / ext4\n":     "/dev/sda1 / ext4\nswap\n",
		"swap\n/dev/sda1 / ext4": "swap\n/dev/sda1 / ext4",
	} {
		if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := (hostRunner{}).Run(t.Context(), preflight.Action{File: path, Line: "swap"}); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want {
			t.Errorf("%q: got %q, %v", before, got, err)
		}
	}
	if err := appendLine(filepath.Join(t.TempDir(), "absent"), "swap"); err == nil {
		t.Error("no file, no error")
	}
}

func TestHostRunnerShowsWhatACommandSays(t *testing.T) {
	var out bytes.Buffer
	r := hostRunner{out: &out}
	if err := r.Run(t.Context(), preflight.Action{Command: []string{"sh", "-c", "echo said; echo $DEBIAN_FRONTEND >&2"}}); err != nil {
		t.Fatal(err)
	}
	if out.String() != "said\nnoninteractive\n" {
		t.Errorf("%q", out.String())
	}
	if err := r.Run(t.Context(), preflight.Action{Command: []string{"false"}}); err == nil {
		t.Error("no error")
	}
}

func TestRepairNeedsRootAndAnAnswer(t *testing.T) {
	var said bytes.Buffer
	a := newApp(strings.NewReader(""), &said, &said)
	down := preflight.Facts{Engine: preflight.NotKnown[preflight.Engine]("nobody listens")}
	down.Host = preflight.Host{EngineHere: true, Dockerd: true, Init: "systemd"}
	e := examination{app: a, facts: down, report: preflight.Run(down, preflight.Target{}, nil)}
	if err := e.repair(t.Context(), true); fault.CodeOf(err) != fault.Usage || !strings.Contains(fault.HintOf(err), "sudo sentryctl preflight --fix") {
		t.Errorf("without root: %v", err)
	}
	e.facts.Host.Root = true
	if err := e.repair(t.Context(), false); fault.CodeOf(err) != fault.Usage || !strings.Contains(said.String(), "# systemctl enable --now docker") {
		t.Errorf("nobody to answer: %v, said %q", err, said.String())
	}
}
