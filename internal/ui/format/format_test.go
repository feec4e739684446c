package format_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/ui/format"
)

func TestElapsed(t *testing.T) {
	cases := []struct {
		d    time.Duration
		want string
	}{
		{-time.Second, "0.0 s"},
		{0, "0.0 s"},
		{440 * time.Millisecond, "0.4 s"},
		{9949 * time.Millisecond, "9.9 s"},
		{9950 * time.Millisecond, "10 s"},
		{59400 * time.Millisecond, "59 s"},
		{59600 * time.Millisecond, "1 min 00 s"},
		{185 * time.Second, "3 min 05 s"},
		{3599600 * time.Millisecond, "1 h 00 min"},
		{125 * time.Minute, "2 h 05 min"},
	}
	for _, c := range cases {
		if got := format.Elapsed(c.d); got != c.want {
			t.Errorf("%s: got %q, want %q", c.d, got, c.want)
		}
	}
}

func TestAbout(t *testing.T) {
	cases := []struct {
		d    time.Duration
		want string
	}{
		{0, "5 s"},
		{11 * time.Second, "15 s"},
		{59 * time.Second, "1 min"},
		{95 * time.Second, "2 min"},
		{83 * time.Minute, "1 h 25 min"},
	}
	for _, c := range cases {
		if got := format.About(c.d); got != c.want {
			t.Errorf("%s: got %q, want %q", c.d, got, c.want)
		}
	}
}

func TestAmount(t *testing.T) {
	cases := []struct {
		done, total int64
		unit, want  string
	}{
		{12, 71, "services", "12 of 71 services"},
		{12, 0, "services", "12 services"},
		{999, 0, "bytes", "999 B"},
		{1000, 999_499, "bytes", "1.0 kB of 999 kB"},
		{120_000_000, 1_240_000_000, "bytes", "120 MB of 1.2 GB"},
		{999_600, 0, "bytes", "1.0 MB"},
		{-5, 0, "bytes", "0 B"},
		{1 << 62, 0, "bytes", "4612 PB"},
		{3, 4, "", "3 of 4"},
	}
	for _, c := range cases {
		if got := format.Amount(c.done, c.total, c.unit); got != c.want {
			t.Errorf("%d/%d %s: got %q, want %q", c.done, c.total, c.unit, got, c.want)
		}
	}
}

func TestPercentIsHundredOnlyWhenDone(t *testing.T) {
	cases := []struct {
		done, total int64
		want        int
	}{
		{0, 0, 0}, {5, 0, 0}, {-1, 10, 0}, {5, -10, 0}, {999, 1000, 99}, {1000, 1000, 100}, {2000, 1000, 100}, {1 << 62, 1<<62 + 1<<61, 66},
	}
	for _, c := range cases {
		if got := format.Percent(c.done, c.total); got != c.want {
			t.Errorf("%d of %d: got %d, want %d", c.done, c.total, got, c.want)
		}
	}
}

func TestClean(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"plain", "started in 3 s", "started in 3 s"},
		{"colours", "\x1b[31mred\x1b[0m end", "red end"},
		{"clipboard theft", "a\x1b]52;c;aGk=\x07b", "ab"},
		{"title", "a\x1b]0;owned\x1b\\b", "ab"},
		{"progress overwritten", "10 %\r20 %\r30 %\r\n", "30 %"},
		{"tab", "a\tb", "a b"},
		{"bell and backspace", "a\a\bb", "ab"},
		{"8-bit control sequence", "a\u009b31mb", "a31mb"},
		{"direction override", "a\u202Eb", "ab"},
		{"broken UTF-8", "a\xffb", "a\uFFFDb"},
		{"letters stay", "größer → 完", "größer → 完"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := format.Clean(c.in); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestWrapKeepsLongWordsWhole(t *testing.T) {
	got := format.Wrap("relation events does not exist in /var/lib/postgresql/data/base\nsecond line\n\n", 20)
	want := []string{"relation events does", "not exist in", "/var/lib/postgresql/data/base", "second line"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestCut(t *testing.T) {
	cases := []struct{ name, got, want string }{
		{"right", format.Cut("getsentry/sentry", 10, "…"), "getsentry…"},
		{"left", format.CutLeft("ghcr.io/getsentry/sentry:25.10.0", 16, "…"), "…/sentry:25.10.0"},
		{"fits", format.Cut("abc", 3, "…"), "abc"},
		{"no room", format.Cut("abc", 0, "…"), ""},
		{"negative", format.CutLeft("abc", -3, "…"), ""},
		{"wide letters", format.Cut("完完完", 5, "…"), "完完…"},
	}
	for _, c := range cases {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, c.got, c.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("\x1b[31mred")
	f.Add("a\rb\x9bc\xff")
	f.Fuzz(func(t *testing.T, s string) {
		got := format.Clean(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }) {
			t.Errorf("Clean(%q) = %q", s, got)
		}
		if w := format.Width(format.Cut(got, 7, "…")); w > 7 {
			t.Errorf("cut of %q takes %d columns", got, w)
		}
		if w := format.Width(format.CutLeft(got, 7, "…")); w > 7 {
			t.Errorf("left cut of %q takes %d columns", got, w)
		}
	})
}

func TestSentence(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "the disk is full": "The disk is full", "Already": "Already", "done.": "Done.", "warning: old": "Warning: old",
		"sentry/config.yml: no URL": "sentry/config.yml: no URL", "mail.host is unknown": "mail.host is unknown", "wal2json.so is there": "wal2json.so is there",
	} {
		if got := format.Sentence(in); got != want {
			t.Errorf("Sentence(%q): got %q, want %q", in, got, want)
		}
	}
}
