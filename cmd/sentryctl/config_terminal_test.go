package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/internal/site"
)

// standingSite is an installed site, with its files as the answers say.
func standingSite(t *testing.T) string {
	t.Helper()
	files := map[string]string{
		".sentryctl/site.yaml": "schema: 1\nstate: installed\nversion: 25.10.0\nsource: /releases/25.10.0\ndigest: sha256:0\nproject: sentry-demo\ntool: dev\n" +
			"answers:\n    url: http://127.0.0.1:9000\n    mail: {host: smtp.example.com}\n    options: {SENTRY_WEB_OPTIONS.workers: 6}\n",
	}
	for name, text := range smallRelease {
		files[name] = text
		files[".sentryctl/releases/25.10.0/"+name] = text
	}
	dir := writeTree(t, files)
	c, err := openConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	rendered, _, err := c.render(c.answers)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range rendered {
		if err := site.WriteFile(filepath.Join(dir, f.Path), f.Data, f.Mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func edit(t *testing.T, path, old, new string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(data), old) {
		t.Fatalf("no %q in %s: %v", old, data, err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(data), old, new, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}

func recordOf(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, ".sentryctl/site.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestConflictsAreAskedAbout(t *testing.T) {
	for name, c := range map[string]struct {
		args   []string
		keys   string
		code   int
		want   []string
		record string
	}{
		"stopping": {nil, "\n", 130, []string{
			"Conflict 1 of 2: sentry/config.yml:3: mail.host was changed by hand", "yours    mail.host: mine.example.com", "answers  mail.host: smtp.example.com", "nothing was changed"}, "smtp.example.com"},
		"one of each":           {nil, "y\na\n", 1, []string{"Conflict 2 of 2: sentry/sentry.conf.py:3:", `yours    SENTRY_WEB_OPTIONS["workers"] = 7`}, "mine.example.com"},
		"told to stop":          {[]string{"--conflict", "stop"}, "", 64, []string{"your edit would be lost: 2 problems", "--conflict mine"}, "smtp.example.com"},
		"nobody shall be asked": {[]string{"--yes"}, "", 64, []string{"your edit would be lost: 2 problems"}, "smtp.example.com"},
		"all kept":              {[]string{"--conflict", "mine"}, "", 1, nil, "mine.example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := standingSite(t)
			edit(t, filepath.Join(dir, "sentry/config.yml"), "'smtp.example.com'", "'mine.example.com'")
			edit(t, filepath.Join(dir, "sentry/sentry.conf.py"), `["workers"] = 6`, `["workers"] = 7`)
			when := "Conflict 1"
			if c.keys == "" {
				when = "\x00"
			}
			shown, code := onTerminal(t, []string{"TERM=xterm"}, when, c.keys, append([]string{"config", "apply", "--site", dir}, c.args...)...)
			if code != c.code {
				t.Errorf("exit code %d, want %d:\n%s", code, c.code, shown)
			}
			for _, want := range c.want {
				if !strings.Contains(shown, want) {
					t.Errorf("%q was not shown:\n%s", want, shown)
				}
			}
			if !strings.Contains(recordOf(t, dir), c.record) {
				t.Errorf("the record lacks %s:\n%s", c.record, recordOf(t, dir))
			}
		})
	}
}

func TestConfigureOnATerminal(t *testing.T) {
	for name, c := range map[string]struct {
		env        []string
		when, keys string
		code       int
		want       string
		record     string
	}{
		"Enter all the way changes nothing": {[]string{"TERM=xterm-256color"}, altScreen, strings.Repeat("\r", 24), 0, "Nothing changed", "smtp.example.com"},
		"line by line":                      {[]string{"TERM=dumb"}, "Questions:", strings.Repeat("\n", 24), 0, "Nothing changed", "smtp.example.com"},
		"another host for mail":             {[]string{"TERM=dumb"}, "Questions:", strings.Repeat("\n", 9) + "other.example.com\n" + strings.Repeat("\n", 14), 0, "Set mail.host", "other.example.com"},
		"leaving":                           {[]string{"TERM=xterm-256color"}, altScreen, "\r\x03", 130, "nothing was changed", "smtp.example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := standingSite(t)
			edit(t, filepath.Join(dir, ".env"), "=feature-complete", "=errors-only")
			before := recordOf(t, dir)
			shown, code := onTerminal(t, c.env, c.when, c.keys, "configure", "--site", dir)
			if code != c.code || !strings.Contains(shown, c.want) {
				t.Errorf("exit code %d, want %d and %q:\n%s", code, c.code, c.want, shown)
			}
			if got := recordOf(t, dir); !strings.Contains(got, c.record) || strings.Contains(before, c.record) && got != before {
				t.Errorf("the record is\n%s\nwas\n%s", got, before)
			}
		})
	}
}
