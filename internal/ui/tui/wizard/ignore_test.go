package wizard

import "testing"

func TestWhatIsIgnoredDoesNotBlock(t *testing.T) {
	for name, c := range map[string]struct {
		ignore []string
		want   string
	}{
		"a check that blocks":       {nil, "✗ 2 CPUs are too few for this: at least 4."},
		"one that was told to pass": {[]string{"cpu-count"}, "! 2 CPUs are too few for this: at least 4. You let it pass with --ignore cpu-count."},
		"another one":               {[]string{"ram"}, "✗ 2 CPUs are too few for this: at least 4."},
	} {
		t.Run(name, func(t *testing.T) {
			in := host()
			in.Machine.CPUs, in.Ignore = 2, c.ignore
			if got := newDraft(in).profileVerdict(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestNoPortIsFreeThatIsNone(t *testing.T) {
	d := newDraft(host())
	d.set("bind", " nonsense")
	for _, line := range d.addressNote() {
		if line == "✓ Port  nonsense is free." {
			t.Error("said to be free")
		}
	}
}
