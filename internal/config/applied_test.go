package config

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
)

// disk is a site that answers are rendered into.
type disk struct {
	t *testing.T
	fstest.MapFS
}

var pristineTree = fstest.MapFS{
	".env":                          {Data: []byte("SENTRY_BIND=9000\n")},
	"sentry/config.example.yml":     {Data: []byte("# Mail\nmail.host: 'smtp'\nsystem.secret-key: '!!changeme!!'\n")},
	"sentry/sentry.conf.example.py": {Data: []byte("A = 1\n")},
	"relay/config.example.yml":      {Data: []byte("relay:\n  port: 3000\n")},
}

// render writes the files and returns the conflicts as "file:line key".
func (d disk) render(a Answers) []string {
	d.t.Helper()
	files, found, err := RenderSite(RenderInput{Version: calver.MustParse("25.10.0"), Pristine: pristineTree, Disk: d.MapFS, Answers: a, SecretKey: strings.Repeat("k", 50)})
	if err != nil {
		d.t.Fatal(err)
	}
	var conflicts []string
	for _, f := range found {
		if f.ID == Conflict {
			at, _, _ := strings.Cut(f.Error(), ": "+f.Text)
			conflicts = append(conflicts, at+" "+f.Key)
		}
	}
	for _, f := range files {
		d.MapFS[f.Path] = &fstest.MapFile{Data: f.Data}
	}
	return conflicts
}

func (d disk) edit(path, old, new string) {
	d.t.Helper()
	text := string(d.MapFS[path].Data)
	if !strings.Contains(text, old) {
		d.t.Fatalf("%s lacks %q:\n%s", path, old, text)
	}
	d.MapFS[path] = &fstest.MapFile{Data: []byte(strings.Replace(text, old, new, 1))}
}

func some() Answers {
	return Answers{
		Bind: "9100", Mail: Mail{Host: "smtp.example.com", Port: 25},
		Options: map[string]any{"relay/limits.max_concurrent_requests": 50, "SENTRY_WEB_OPTIONS.workers": 6},
	}
}

func TestWhatNoAnswerAsksForIsTakenBack(t *testing.T) {
	plain, changed := disk{t, fstest.MapFS{}}, disk{t, fstest.MapFS{}}
	plain.render(Answers{URL: "http://s"})
	changed.render(Answers{URL: "http://s"})
	changed.render(some())
	if c := changed.render(Answers{URL: "http://s"}); c != nil {
		t.Errorf("conflicts: %v", c)
	}
	delete(plain.MapFS, AppliedPath)
	delete(changed.MapFS, AppliedPath)
	if diff := cmp.Diff(changed.MapFS, plain.MapFS); diff != "" {
		t.Errorf("set and unset (-got +want):\n%s", diff)
	}
}

func TestRenderingAgainRemembersTheSame(t *testing.T) {
	d := disk{t, fstest.MapFS{}}
	d.render(some())
	first := string(d.MapFS[AppliedPath].Data)
	if c := d.render(some()); c != nil || string(d.MapFS[AppliedPath].Data) != first {
		t.Errorf("conflicts %v; was\n%s\nis\n%s", c, first, d.MapFS[AppliedPath].Data)
	}
	if strings.Contains(first, "smtp.example.com") {
		t.Error("the values stand in it")
	}
}

func TestEditsByHand(t *testing.T) {
	for name, c := range map[string]struct {
		path, old, new string
		want           []string
		again          Answers
	}{
		"a key of ours":        {ymlPath, "'smtp.example.com'", "mine", []string{"sentry/config.yml:2 mail.host"}, some()},
		"written another way":  {ymlPath, "'smtp.example.com'", `"smtp.example.com" # said so`, nil, some()},
		"a key taken out":      {ymlPath, "mail.host: 'smtp.example.com'\n", "", []string{"sentry/config.yml mail.host"}, some()},
		"a key of theirs":      {ymlPath, "# Mail", "auth.ip-rate-limit: 3", nil, some()},
		"to what is asked now": {ymlPath, "mail.port: 25", "mail.port: 26", nil, Answers{Mail: Mail{Host: "smtp.example.com", Port: 26}}},
		"in the variables":     {customPath, "SENTRY_BIND=9100", "SENTRY_BIND=9200", []string{".env.custom:1 "}, some()},
		"below the variables":  {customPath, "# <<< sentryctl <<<\n", "# <<< sentryctl <<<\nMINE=1\n", nil, some()},
		"in the Python block":  {confPath, "= 6", "= 7", []string{"sentry/sentry.conf.py:3 "}, some()},
		"above it":             {confPath, "A = 1", "A = 2", nil, some()},
		"of relay":             {relayPath, "max_concurrent_requests: 50", "max_concurrent_requests: 51", []string{"relay/config.yml:4 limits.max_concurrent_requests"}, some()},
		"of what is given up":  {ymlPath, "'smtp.example.com'", "mine", nil, Answers{Mail: Mail{Port: 25}}},
	} {
		t.Run(name, func(t *testing.T) {
			d := disk{t, fstest.MapFS{}}
			d.render(some())
			d.edit(c.path, c.old, c.new)
			if diff := cmp.Diff(d.render(c.again), c.want); diff != "" {
				t.Errorf("conflicts (-got +want):\n%s", diff)
			}
			if strings.HasPrefix(name, "of what") && !strings.Contains(string(d.MapFS[ymlPath].Data), "mail.host: mine") {
				t.Errorf("the admin's value is lost:\n%s", d.MapFS[ymlPath].Data)
			}
		})
	}
}
