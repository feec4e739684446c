package calver_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
)

func TestParse(t *testing.T) {
	cases := []struct {
		in, want string
		ok       bool
	}{
		{"25.10.0", "25.10.0", true},
		{"v9.1.2", "9.1.2", true},
		{" 23.6.2\n", "23.6.2", true},
		{"nightly", "", false},
		{"25.10", "", false},
		{"25.10.0-rc1", "", false},
		{"25.01.0", "", false},
		{"", "", false},
		{"25.10.0/../..", "", false},
	}
	for _, c := range cases {
		t.Run(c.in, func(t *testing.T) {
			got, err := calver.Parse(c.in)
			if (err == nil) != c.ok || got.String() != c.want {
				t.Errorf("got %q, %v; want %q, ok %v", got, err, c.want, c.ok)
			}
		})
	}
}

func TestOrderAcrossTheThreeLines(t *testing.T) {
	want := []string{"9.1.2", "10.0.0", "20.6.0", "21.5.0", "23.11.0", "24.1.0", "25.9.0", "25.10.0"}
	var vs []calver.Version
	for _, s := range want {
		vs = append(vs, calver.MustParse(s))
	}
	slices.Reverse(vs)
	slices.SortFunc(vs, calver.Version.Compare)
	var got []string
	for _, v := range vs {
		got = append(got, v.String())
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestRangeIsClosed(t *testing.T) {
	r := calver.Range{Since: calver.MustParse("23.6.2"), Until: calver.MustParse("24.7.1")}
	cases := map[string]bool{"23.6.1": false, "23.6.2": true, "24.1.0": true, "24.7.1": true, "24.8.0": false}
	for v, want := range cases {
		if got := r.Contains(calver.MustParse(v)); got != want {
			t.Errorf("%s: got %v, want %v", v, got, want)
		}
	}
}

func TestNearestOffersWhatWasMeant(t *testing.T) {
	known := []calver.Version{calver.MustParse("24.8.0"), calver.MustParse("25.1.0"), calver.MustParse("25.10.0"), calver.MustParse("9.1.2")}
	got := calver.Nearest("25.10.9", known, 1)
	if got[0].String() != "25.10.0" {
		t.Errorf("got %v, want 25.10.0 first", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("25.10.0")
	f.Add("v1.2.3")
	f.Fuzz(func(t *testing.T, s string) {
		v, err := calver.Parse(s)
		if err != nil {
			return
		}
		again, err := calver.Parse(v.String())
		if err != nil || again != v {
			t.Errorf("%q: %v does not read back: %v, %v", s, v, again, err)
		}
	})
}
