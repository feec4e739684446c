package preflight_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/preflight"
)

const (
	mib = int64(1) << 20
	gib = int64(1) << 30
)

// good is a machine on which every check is ok or does not apply.
func good() preflight.Facts {
	disk := preflight.Disk{Path: "/", FileSystem: "ext4", TotalBytes: 200 * gib, FreeBytes: 120 * gib}
	fast := preflight.Latency{Samples: 100, P50: 400 * time.Microsecond, P99: 2 * time.Millisecond}
	return preflight.Facts{
		Engine: preflight.Know(preflight.Engine{
			Address: "unix:///var/run/docker.sock", Local: true, Version: "28.3.0", APIVersion: "1.51", OSType: "linux", Arch: "x86_64",
			OperatingSystem: "Debian GNU/Linux 12", RootDir: "/var/lib/docker", StorageDriver: "overlay2", CPUs: 8, MemoryBytes: 32 * gib,
		}),
		Probe: preflight.Know(preflight.Probe{
			CPUs: 8, CPUModel: "Xeon", CPUFlags: []string{"sse", "sse4_2"}, Arch: "amd64", MemoryBytes: 32 * gib,
			Disk: disk, Sync: fast, NofileSoft: 1024, NofileHard: 524288,
		}),
		Nofile:  preflight.Know(preflight.NofileGrant{Asked: 262144, Granted: true}),
		Compose: preflight.Know("2.32.2"),
		Host: preflight.Host{
			OS:    preflight.Know(preflight.OS{ID: "debian", Name: "Debian GNU/Linux", Version: "12"}),
			Umask: preflight.Know(uint32(0o022)), Init: "systemd", Dockerd: true, EngineHere: true, RootDisk: preflight.Know(disk),
		},
		Clock:      preflight.Know(100 * time.Millisecond),
		Synced:     preflight.Know(true),
		Site:       preflight.Know(preflight.Site{Dir: "/opt/sentry", Exists: true, Checked: "/opt/sentry", Writable: true, Mode: 0o750, Disk: disk}),
		SiteSync:   preflight.Know(fast),
		BindLocal:  preflight.Know(true),
		Port:       preflight.Know(preflight.PortUse{Address: "0.0.0.0:9000", Free: true}),
		Lookups:    preflight.Know([]preflight.Lookup{{Host: "ghcr.io"}}),
		Source:     preflight.Know(preflight.Reach{Host: "github.com", Took: 20 * time.Millisecond}),
		Registries: preflight.Know([]preflight.Reach{{Host: "ghcr.io", Took: 30 * time.Millisecond}}),
		Proxies:    preflight.Proxies{Daemon: preflight.Know(preflight.Proxy{}), Client: preflight.Know(preflight.Proxy{})},
		Inventory:  preflight.Know(preflight.Inventory{}),
	}
}

func target() preflight.Target {
	return preflight.Target{
		Version: calver.MustParse("25.10.0"), Profile: "feature-complete",
		Minimums: preflight.Minimums{
			Engine: "19.03.6", CPUs: 4, RAMMiB: 14000, RAMRecommendedMiB: 16384, RAMBetterMiB: 32768, SwapRecommendedMiB: 16384, DiskGiB: 20,
		},
		Project: "sentry-self-hosted", Volumes: []string{"sentry-data", "sentry-postgres"},
		Nofile: []preflight.NofileAsk{{Service: "clickhouse", Hard: 262144}}, Bind: "9000", URL: "https://sentry.example.com", SiteDir: "/opt/sentry",
	}
}

// verdictCase changes a good machine, or what is asked of it, and says what
// one check makes of it. Want "" is not compared.
type verdictCase struct {
	name     string
	check    preflight.ID
	facts    func(*preflight.Facts)
	target   func(*preflight.Target)
	state    preflight.State
	severity preflight.Severity
	got      string
	want     string
	hint     string // a part of it
}

func run(t *testing.T, cases []verdictCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(string(c.check)+"/"+c.name, func(t *testing.T) {
			f, tg := good(), target()
			if c.facts != nil {
				c.facts(&f)
			}
			if c.target != nil {
				c.target(&tg)
			}
			got, ok := preflight.Run(f, tg, nil).Find(c.check)
			if !ok {
				t.Fatalf("no check %s", c.check)
			}
			want := got
			want.State, want.Severity, want.Got = c.state, c.severity, c.got
			want.OK = c.state == preflight.OK || c.state == preflight.Skipped
			if c.want != "" {
				want.Want = c.want
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("- want, + got:\n%s", d)
			}
			if !strings.Contains(got.Hint, c.hint) {
				t.Errorf("hint %q does not contain %q", got.Hint, c.hint)
			}
			if got.State == preflight.Bad && got.Hint == "" {
				t.Error("a bad finding without a hint")
			}
		})
	}
}

func TestGoodMachineBlocksNothing(t *testing.T) {
	r := preflight.Run(good(), target(), nil)
	if r.Blocked {
		t.Errorf("blocked by %v", r.Blocks())
	}
	if d := cmp.Diff([]string{"report", "25.10.0", "feature-complete"}, []string{r.Type, r.Version, r.Profile}); d != "" {
		t.Error(d)
	}
	for _, f := range r.Findings {
		if !f.OK || f.Got == "" || f.Want == "" && f.State == preflight.OK {
			t.Errorf("%+v", f)
		}
	}
}

// TestNothingKnown asks all checks about a machine of which nothing is known:
// none may call that ok, and none may be silent about why.
func TestNothingKnown(t *testing.T) {
	tg := target()
	for _, f := range preflight.Run(preflight.Facts{Engine: preflight.NotKnown[preflight.Engine]("it is off")}, tg, nil).Findings {
		judgedWithoutFacts := []preflight.ID{"url-prefix", "bind-form", "selinux", "apparmor"}
		if slices.Contains(judgedWithoutFacts, f.ID) {
			continue
		}
		if f.OK {
			t.Errorf("%s is ok without a fact: %+v", f.ID, f)
		}
		if f.State == preflight.Unknown && (f.Severity != preflight.Info || !strings.HasPrefix(f.Got, "unknown because ")) {
			t.Errorf("%+v", f)
		}
	}
}

func TestChecksAreComplete(t *testing.T) {
	kebab := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	seen := map[preflight.ID]bool{}
	for _, c := range preflight.Checks() {
		if !kebab.MatchString(string(c.ID)) || seen[c.ID] {
			t.Errorf("ID %q is not kebab-case or not unique", c.ID)
		}
		seen[c.ID] = true
		if c.Title == "" || c.Source == "" || c.Judge == nil {
			t.Errorf("%s lacks title, source or rule", c.ID)
		}
		if !slices.Contains([]preflight.Severity{preflight.Block, preflight.Warn, preflight.Info}, c.Severity) {
			t.Errorf("%s has severity %q", c.ID, c.Severity)
		}
	}
}

// TestEveryCheckIsDocumented reads the manual: one section per check, in the
// order of the report, and none that does not exist.
func TestEveryCheckIsDocumented(t *testing.T) {
	manual, err := os.ReadFile("../../docs/preflight.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented, want []string
	for _, m := range regexp.MustCompile(`(?m)^### ([a-z0-9-]+)$`).FindAllStringSubmatch(string(manual), -1) {
		documented = append(documented, m[1])
	}
	for _, c := range preflight.Checks() {
		want = append(want, string(c.ID))
	}
	if d := cmp.Diff(want, documented); d != "" {
		t.Errorf("docs/preflight.md (- check without a section, + section without a check):\n%s", d)
	}
	for _, c := range preflight.Checks() {
		_, section, _ := strings.Cut(string(manual), "\n### "+string(c.ID)+"\n")
		section, _, _ = strings.Cut(section, "\n### ")
		if strict := strings.Contains(section, "Cannot be ignored."); strict != c.Strict {
			t.Errorf("%s: strict is %t, but its section says %t", c.ID, c.Strict, strict)
		}
	}
}
