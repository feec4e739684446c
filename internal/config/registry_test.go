package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/config/envfile"
	"github.com/sentryctl/sentryctl/internal/config/option"
)

// TestEveryVariableIsKnown compares the registry with each release at hand.
func TestEveryVariableIsKnown(t *testing.T) {
	const dir = "../../../shared/releases"
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Skipf("no release trees at hand: %v", err)
	}
	reg, err := option.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		v, err := calver.Parse(d.Name())
		data, readErr := os.ReadFile(filepath.Join(dir, d.Name(), ".env"))
		if err != nil || readErr != nil {
			continue // a version before .env
		}
		f, err := envfile.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		for key := range f.Values() {
			if o, ok := reg.Get(key); !ok || !o.Contains(v) || o.File != option.Env {
				t.Errorf("%s: %s is not known", v, key)
			}
		}
	}
}

// TestAnswersOfOptionsExist: an option that names an answer names a real one.
func TestAnswersOfOptionsExist(t *testing.T) {
	reg, err := option.Load()
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{registry: reg, fields: fields()}
	for _, o := range reg.All() {
		if o.Answer != "" && r.field(o.Answer) == nil {
			t.Errorf("%s: there is no answer %s", o.Key, o.Answer)
		}
	}
}
