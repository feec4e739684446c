package stack

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestVariables(t *testing.T) {
	t.Setenv("VARIABLES_PROCESS", "process")
	cases := []struct {
		name, env, custom string
		want              map[string]Variable
	}{
		{"no files", "", "", map[string]Variable{"VARIABLES_PROCESS": {"process", ""}}},
		{"a later file counts", "A=1\nB=1", "A=2", map[string]Variable{"A": {"2", ".env.custom"}, "B": {"1", ".env"}}},
		{"a file names a variable of another", "A=1", "B='x'\nC=a:${A}", map[string]Variable{"B": {"x", ".env.custom"}, "C": {"a:1", ".env.custom"}}},
		{"the process counts most", "VARIABLES_PROCESS=file", "", map[string]Variable{"VARIABLES_PROCESS": {"process", ""}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range map[string]string{".env": c.env, ".env.custom": c.custom} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			all, err := Variables(dir)
			got := map[string]Variable{}
			for name := range c.want {
				got[name] = all[name]
			}
			if d := cmp.Diff(c.want, got); d != "" || err != nil {
				t.Errorf("%v\n%s", err, d)
			}
		})
	}
}
