package option

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
)

func TestLoad(t *testing.T) {
	r, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(r.All()), 120; got < want {
		t.Errorf("options: got %d, want %d or more", got, want)
	}
	for _, o := range r.All() {
		if o.Default != "" {
			if _, err := o.ParseText(o.Default); err != nil {
				t.Errorf("%s: its default is none of its values: %v", o.Key, err)
			}
		}
		if !strings.HasSuffix(o.About, ".") || strings.Contains(o.About, "\n") {
			t.Errorf("%s: about is no sentence on one line: %q", o.Key, o.About)
		}
		if !o.Since.IsZero() && !o.Until.IsZero() && o.Until.Less(o.Since) {
			t.Errorf("%s: ends before it begins", o.Key)
		}
		if o.Type == Image && o.File != Env {
			t.Errorf("%s: an image outside of .env", o.Key)
		}
	}
}

func TestAt(t *testing.T) {
	r, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	has := func(v, key string) bool {
		for _, o := range r.At(calver.MustParse(v)) {
			if o.Key == key {
				return true
			}
		}
		return false
	}
	got := []bool{has("23.6.2", "COMPOSE_PROFILES"), has("24.7.1", "COMPOSE_PROFILES"), has("25.8.0", "POSTGRES_MAX_CONNECTIONS"), has("25.9.0", "POSTGRES_MAX_CONNECTIONS")}
	if diff := cmp.Diff(got, []bool{false, true, true, false}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestNearest(t *testing.T) {
	r, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"mail.hots": "mail.host", "sentry_bind": "SENTRY_BIND", "url-prefix": "system.url-prefix", "SENTRY_WEB_OPTIONS.worker": "SENTRY_WEB_OPTIONS.workers"} {
		if got := r.Nearest(key, 1); len(got) != 1 || got[0] != want {
			t.Errorf("%s: got %v, want %s", key, got, want)
		}
	}
	if got := r.Nearest("zzzzzzzz", 3); len(got) > 0 {
		t.Errorf("nothing alike: got %v", got)
	}
}

func TestReadRefuses(t *testing.T) {
	row := "- key: k\n  type: int\n  file: .env\n  about: x\n  source: y\n"
	for name, c := range map[string]struct{ src, want string }{
		"twice":         {row + row, "option k is given twice"},
		"unknown field": {row + "  no: 1\n", "field no not found"},
		"unknown type":  {strings.Replace(row, "int", "number", 1), `type "number" is unknown`},
		"unknown file":  {strings.Replace(row, ".env", "x", 1), `file "x" is unknown`},
		"no source":     {strings.Replace(row, "source: y", "source: ''", 1), "needs key, about and source"},
		"empty enum":    {strings.Replace(row, "int", "enum", 1), "an enum, and nothing else, has values"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(fstest.MapFS{"data/a.yaml": {Data: []byte(c.src)}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}
