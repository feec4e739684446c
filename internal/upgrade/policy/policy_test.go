package policy_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/upgrade/policy"
)

func TestParse(t *testing.T) {
	got, err := policy.Parse("p.yaml", []byte("# nights of the weekend\nwindow: {days: [Sat, sun], from: \"23:30\", to: \"04:00\", zone: Europe/Berlin}\n"+
		"steps: patch\nsoak_days: 14\ndrill_days: 30\nhealthy_hours: 48\nhealthy_gap_minutes: 20\nrehearse: true\n"))
	if err != nil {
		t.Fatal(err)
	}
	zone := got.Window.Zone.String()
	got.Window.Zone = nil
	want := policy.Policy{Window: &policy.Window{Days: []time.Weekday{time.Saturday, time.Sunday}, From: 23*60 + 30, To: 4 * 60}, Steps: policy.Patch,
		SoakDays: 14, DrillDays: 30, HealthyHours: 48, HealthyGap: 20 * time.Minute, Rehearse: true}
	if d := cmp.Diff(want, got); d != "" || zone != "Europe/Berlin" {
		t.Errorf("zone %s (-want +got):\n%s", zone, d)
	}
}

func TestParseNamesLineAndRemedy(t *testing.T) {
	cases := []struct{ name, text, want, hint string }{
		{"nothing", "", "p.yaml:1: it is empty", ""},
		{"no YAML", "steps: [", "p.yaml is not readable", ""},
		{"a list", "- steps\n", "p.yaml:1: here stand keys", ""},
		{"an unknown key", "steps: any\nsoakdays: 3\n", `p.yaml:2: there is no key "soakdays"`, "Use soak_days"},
		{"an unknown key of the window", "steps: any\nwindow:\n  form: \"02:00\"\n", `p.yaml:3: there is no key "form"`, "Use from"},
		{"nothing like it", "xyzzyx: 3\n", `there is no key "xyzzyx"`, "drill_days or "},
		{"twice", "steps: any\nsteps: any\n", "p.yaml:2: steps stands there twice", ""},
		{"no steps", "soak_days: 3\n", "does not say how far", ""},
		{"other steps", "steps: major\n", `p.yaml:1: steps: "major" is none of`, ""},
		{"half a day", "steps: any\nsoak_days: 0.5\n", "p.yaml:2: \"0.5\" is no number", ""},
		{"less than nothing", "steps: any\ndrill_days: 0\n", "p.yaml:2: \"0\" is no number of 1 or more", ""},
		{"a day", "steps: any\nwindow: {days: [someday], from: \"1:00\", to: \"2:00\"}\n", `"someday" is none of`, ""},
		{"no day", "steps: any\nwindow: {days: [], from: \"1:00\", to: \"2:00\"}\n", "days is a list", ""},
		{"a time", "steps: any\nwindow: {from: \"25:00\", to: \"2:00\"}\n", `"25:00" is no time`, ""},
		{"no end", "steps: any\nwindow: {from: \"1:00\"}\n", "needs from and to", ""},
		{"neither yes nor no", "steps: any\nrehearse: perhaps\n", `p.yaml:2: "perhaps" is neither true nor false`, ""},
		{"a zone", "steps: any\nwindow: {from: \"1:00\", to: \"2:00\", zone: Mars/Base}\n", `"Mars/Base" is no time zone`, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := policy.Parse("p.yaml", []byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(fault.HintOf(err), c.hint) || fault.CodeOf(err) != fault.Usage {
				t.Errorf("got %v (%s)", err, fault.HintOf(err))
			}
		})
	}
}

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err) // a literal of this test
	}
	return t
}

func window(t *testing.T, text string) *policy.Window {
	t.Helper()
	p, err := policy.Parse("p.yaml", []byte("steps: any\nwindow: {"+text+"}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return p.Window
}

// 2026-03-28 is a Saturday; on the 29th Berlin's clocks go from 2:00 to 3:00.
func TestWindow(t *testing.T) {
	const night = `days: [sat], from: "23:00", to: "04:00", zone: Europe/Berlin`
	cases := []struct{ name, window, now, closes, opens string }{
		{"before", night, "2026-03-28T21:59:59Z", "", "2026-03-28T22:00:00Z"},
		{"at once", night, "2026-03-28T22:00:00Z", "2026-03-29T02:00:00Z", "2026-04-04T21:00:00Z"},
		{"past midnight", night, "2026-03-29T01:59:59Z", "2026-03-29T02:00:00Z", "2026-04-04T21:00:00Z"},
		{"closed", night, "2026-03-29T02:00:00Z", "", "2026-04-04T21:00:00Z"},
		{"another night", night, "2026-03-30T22:30:00Z", "", "2026-04-04T21:00:00Z"},
		{"every day", `from: "02:00", to: "03:00", zone: UTC`, "2026-03-30T02:30:00Z", "2026-03-30T03:00:00Z", "2026-03-31T02:00:00Z"},
		{"all day long", `days: [mon], from: "00:00", to: "24:00", zone: UTC`, "2026-03-30T23:59:00Z", "2026-03-31T00:00:00Z", "2026-04-06T00:00:00Z"},
		{"round the clock", `from: "06:00", to: "06:00", zone: UTC`, "2026-03-30T05:00:00Z", "2026-04-08T06:00:00Z", ""},
		{"all days of the week, each to its end", `days: [mon, tue, wed, thu, fri, sat, sun], from: "00:00", to: "24:00", zone: UTC`, "2026-03-28T12:00:00Z", "2026-04-06T00:00:00Z", ""},
		{"round the clock where clocks change", `from: "02:30", to: "02:30", zone: Europe/Berlin`, "2026-03-28T12:00:00Z", "2026-04-06T00:30:00Z", ""},
		{"a weekend is one", `days: [sun, sat], from: "00:00", to: "24:00", zone: UTC`, "2026-03-28T12:00:00Z", "2026-03-30T00:00:00Z", "2026-04-04T00:00:00Z"},
		{"over the week's end", `days: [sat, sun, mon], from: "20:00", to: "20:00", zone: UTC`, "2026-03-28T21:00:00Z", "2026-03-31T20:00:00Z", "2026-04-04T20:00:00Z"},
		{"not over the days between", `days: [mon, wed], from: "00:00", to: "24:00", zone: UTC`, "2026-03-30T12:00:00Z", "2026-03-31T00:00:00Z", "2026-04-01T00:00:00Z"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w, now := window(t, c.window), at(c.now)
			closes, open := w.Open(now)
			if open != (c.closes != "") || open && !closes.Equal(at(c.closes)) {
				t.Errorf("open %v, closes %s", open, closes)
			}
			if from, _ := w.Next(now); from.IsZero() != (c.opens == "") || c.opens != "" && !from.Equal(at(c.opens)) {
				t.Errorf("opens %s", from)
			}
		})
	}
}

var releases = []policy.Release{
	{Version: calver.MustParse("25.5.0"), Date: at("2025-05-15T00:00:00Z")},
	{Version: calver.MustParse("25.5.1"), Date: at("2025-05-21T00:00:00Z")},
	{Version: calver.MustParse("25.6.0"), Date: at("2025-06-15T00:00:00Z")},
	{Version: calver.MustParse("25.6.1"), Date: at("2025-06-20T00:00:00Z"), Avoid: true},
	{Version: calver.MustParse("26.1.0"), Date: at("2026-01-15T00:00:00Z")},
	{Version: calver.MustParse("26.2.0")},
}

func TestTarget(t *testing.T) {
	cases := []struct {
		name, from, now, want string
		steps                 policy.Steps
		soak                  int
	}{
		{"the newest patch", "25.5.0", "2026-03-01T00:00:00Z", "25.5.1", policy.Patch, 0},
		{"no patch left", "25.5.1", "2026-03-01T00:00:00Z", "", policy.Patch, 0},
		{"the year's newest good one", "25.5.0", "2026-03-01T00:00:00Z", "25.6.0", policy.Minor, 0},
		{"the newest", "25.5.0", "2026-03-01T00:00:00Z", "26.2.0", policy.Any, 0},
		{"the newest that is old enough and has a date", "25.5.0", "2026-03-01T00:00:00Z", "26.1.0", policy.Any, 14},
		{"an older one, for it is old enough", "25.5.0", "2026-01-20T00:00:00Z", "25.6.0", policy.Any, 14},
		{"the first that will be", "25.6.0", "2026-01-20T00:00:00Z", "26.1.0", policy.Any, 14},
		{"to the day", "25.6.0", "2026-01-29T00:00:00Z", "26.1.0", policy.Any, 14},
		{"at the newest", "26.2.0", "2026-03-01T00:00:00Z", "", policy.Any, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := policy.Policy{Steps: c.steps, SoakDays: c.soak}
			got, some := p.Target(releases, calver.MustParse(c.from), at(c.now))
			if got.String() != c.want || some != (c.want != "") {
				t.Errorf("got %q, %v", got, some)
			}
		})
	}
}

func seen(healthy bool, times ...string) (list []site.Sighting) {
	for _, text := range times {
		list = append(list, site.Sighting{Time: at(text), Healthy: healthy})
	}
	return list
}

func TestDecide(t *testing.T) {
	now := at("2026-03-28T22:30:00Z")
	good := policy.Facts{From: releases[0].Version, To: releases[1].Version, Hops: releases[1:2], Downtime: 5 * time.Minute}
	with := func(change func(*policy.Facts)) policy.Facts {
		f := good
		change(&f)
		return f
	}
	well := policy.Policy{Steps: policy.Any, HealthyHours: 2, HealthyGap: time.Hour}
	cases := []struct {
		name   string
		policy policy.Policy
		facts  policy.Facts
		clause string
		why    string
		waits  bool
	}{
		{"all is met", policy.Policy{Steps: policy.Patch, SoakDays: 14, DrillDays: 30, Window: window(t, `days: [sat], from: "22:00", to: "23:00", zone: UTC`)},
			with(func(f *policy.Facts) { f.Drill.Begun = at("2026-03-01T00:00:00Z") }), "", "", false},
		{"steps", policy.Policy{Steps: policy.Patch}, with(func(f *policy.Facts) { f.To = releases[2].Version }), "steps", "more than steps: patch", false},
		{"another year", policy.Policy{Steps: policy.Minor}, with(func(f *policy.Facts) { f.To = releases[4].Version }), "steps", "more than steps: minor", false},
		{"too young", policy.Policy{Steps: policy.Any, SoakDays: 400}, good, "soak", "until 2026-06-25", true},
		{"nobody knows how old", policy.Policy{Steps: policy.Any, SoakDays: 1}, with(func(f *policy.Facts) { f.Hops = releases[5:] }), "soak", "does not say when 26.2.0", false},
		{"closed", policy.Policy{Steps: policy.Any, Window: window(t, `from: "02:00", to: "03:00", zone: UTC`)}, good, "window", "opens on Sun 2026-03-29 02:00 UTC", true},
		{"too late in a window of two days, of which the next is long enough", policy.Policy{Steps: policy.Any, Window: window(t, `days: [sat, sun], from: "00:00", to: "24:00", zone: UTC`)},
			with(func(f *policy.Facts) { f.Downtime = 30 * time.Hour }), "window", "closes on Mon 2026-03-30 00:00 UTC", true},
		{"too late in the window", policy.Policy{Steps: policy.Any, Window: window(t, `from: "22:00", to: "22:34", zone: UTC`)}, good, "window", "closes on Sat 2026-03-28 22:34 UTC", true},
		{"no window is long enough", policy.Policy{Steps: policy.Any, Window: window(t, `from: "22:00", to: "22:34", zone: UTC`)},
			with(func(f *policy.Facts) { f.Downtime = time.Hour }), "window", "no window is long enough", false},
		{"no drill", policy.Policy{Steps: policy.Any, DrillDays: 30}, good, "drill", "no backup has been proven", false},
		{"an old drill", policy.Policy{Steps: policy.Any, DrillDays: 30}, with(func(f *policy.Facts) { f.Drill.Begun = at("2026-02-20T00:00:00Z") }), "drill", "of 2026-02-20, older", false},
		{"a drill to come", policy.Policy{Steps: policy.Any, DrillDays: 30}, with(func(f *policy.Facts) { f.Drill.Begun = at("2026-04-20T00:00:00Z") }), "drill", "still to come", false},
		{"forged drills", policy.Policy{Steps: policy.Any, DrillDays: 30}, with(func(f *policy.Facts) { f.Drill.Forged = 2 }), "drill", "2 reports count for nothing", false},
		{"well for long enough", well, with(func(f *policy.Facts) {
			f.Seen = seen(true, "2026-03-28T20:20:00Z", "2026-03-28T21:10:00Z", "2026-03-28T22:05:00Z")
		}), "", "", false},
		{"nobody looked", well, good, "healthy", "well for 0s of 2h", true},
		{"a gap", well, with(func(f *policy.Facts) {
			f.Seen = seen(true, "2026-03-28T12:00:00Z", "2026-03-28T19:00:00Z", "2026-03-28T21:10:00Z", "2026-03-28T22:05:00Z")
		}), "healthy", "well for 1h20m0s of 2h", true},
		{"nobody looked lately", well, with(func(f *policy.Facts) { f.Seen = seen(true, "2026-03-28T19:30:00Z", "2026-03-28T20:20:00Z") }), "healthy", "well for 0s", true},
		{"not well in between", well, with(func(f *policy.Facts) {
			f.Seen = append(append(seen(true, "2026-03-28T20:20:00Z"), seen(false, "2026-03-28T21:00:00Z")...), seen(true, "2026-03-28T21:40:00Z", "2026-03-28T22:20:00Z")...)
		}), "healthy", "well for 50m0s", true},
		{"not well", well, with(func(f *policy.Facts) { f.Seen = seen(false, "2026-03-28T22:29:00Z") }), "healthy", "not well on 2026-03-28T22:29:00Z", false},
		{"a look that is still to come", well, with(func(f *policy.Facts) { f.Seen = seen(true, "2026-03-29T20:00:00Z") }), "healthy", "well for 0s", true},
		{"a run in doubt", policy.Policy{Steps: policy.Any}, with(func(f *policy.Facts) { f.Unfinished = "r1" }), "unfinished", "the run r1", false},
		{"the rehearsal", policy.Policy{Steps: policy.Any, Rehearse: true}, with(func(f *policy.Facts) { f.Rehearsal = errors.New("it broke") }), "rehearse", "it broke", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := policy.Decide(c.policy, c.facts, now)
			if c.clause == "" {
				if len(got) > 0 {
					t.Errorf("got %+v", got)
				}
				return
			}
			if len(got) != 1 || got[0].Clause != c.clause || !strings.Contains(got[0].Why, c.why) || got[0].Waits != c.waits || policy.OnlyWaits(got) != c.waits {
				t.Errorf("got %+v", got)
			}
		})
	}
}
