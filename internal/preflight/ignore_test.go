package preflight_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/preflight"
)

func TestParseIgnore(t *testing.T) {
	got, err := preflight.ParseIgnore([]string{"ram, swap", "dns", ""})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(preflight.Ignore{"ram": true, "swap": true, "dns": true}, got); d != "" {
		t.Error(d)
	}
}

func TestParseIgnoreRefuses(t *testing.T) {
	cases := []struct{ name, value, says, hint string }{
		{"misspelt", "swop", `no check is named "swop"`, "Did you mean: swap"},
		{"a part", "latency", `no check is named "latency"`, "disk-latency-site, disk-latency-engine"},
		{"more than the name", "ram-size", `no check is named "ram-size"`, "ram"},
		{"strict", "engine-nofile", `check "engine-nofile" is strict and cannot be ignored`, "docs/preflight.md#engine-nofile"},
		{"all", "all", `no check is named "all"`, "Did you mean: "},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := preflight.ParseIgnore([]string{"ram," + c.value})
			if err == nil || err.Error() != c.says {
				t.Errorf("got %v, want %s", err, c.says)
			}
			if fault.CodeOf(err) != fault.Usage || !strings.Contains(fault.HintOf(err), c.hint) {
				t.Errorf("code %d, hint %q; want %q in it", fault.CodeOf(err), fault.HintOf(err), c.hint)
			}
		})
	}
}

func TestNoStrictCheckCanBeIgnored(t *testing.T) {
	for _, c := range preflight.Checks() {
		if _, err := preflight.ParseIgnore([]string{string(c.ID)}); (err != nil) != c.Strict {
			t.Errorf("%s: strict %t, ignoring gives %v", c.ID, c.Strict, err)
		}
	}
}

func TestIgnoredBlockStaysVisible(t *testing.T) {
	f := good()
	f.Probe.Value.MemoryBytes = 8 * gib
	f.Host.Umask = preflight.Know(uint32(0o077))
	before := preflight.Run(f, target(), nil)
	after := preflight.Run(f, target(), preflight.Ignore{"ram": true, "umask": true, "disk-site": true})
	if !before.Blocked || after.Blocked {
		t.Errorf("blocked before %t, after %t", before.Blocked, after.Blocked)
	}
	ram, _ := before.Find("ram")
	if d := cmp.Diff([]preflight.Finding{ram}, before.Blocks()); d != "" {
		t.Error(d)
	}
	want := ram
	want.State, want.Severity = preflight.Ignored, preflight.Warn
	got, _ := after.Find("ram")
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	disk, _ := after.Find("disk-site")
	if disk.State != preflight.OK {
		t.Errorf("a good check that is ignored stays ok: %+v", disk)
	}
}

// TestStrictHoldsWithoutParsing proves that not even a set made by hand lets a
// strict check go.
func TestStrictHoldsWithoutParsing(t *testing.T) {
	f := good()
	f.Probe.Value.CPUFlags = []string{"sse2"}
	if r := preflight.Run(f, target(), preflight.Ignore{"cpu-sse42": true}); !r.Blocked {
		t.Error("not blocked")
	}
}
