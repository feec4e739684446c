package joblog_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup/joblog"
)

func TestTurnsOver(t *testing.T) {
	cases := []struct {
		name  string
		max   int64
		keep  int
		lines []string
		want  map[string]string
	}{
		{"small", 100, 2, []string{"a\n", "b\n"}, map[string]string{"log": "a\nb\n"}},
		{"turned over", 4, 2, []string{"aa\n", "bb\n", "cc\n", "dd\n"}, map[string]string{"log": "dd\n", "log.1": "cc\n", "log.2": "bb\n"}},
		{"none kept", 4, 0, []string{"aa\n", "bb\n"}, map[string]string{"log": "bb\n"}},
		{"longer than a file", 4, 1, []string{"a\n", "0123456789\n", "b\n"}, map[string]string{"log": "b\n", "log.1": "0123456789\n"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "logs")
			for _, line := range c.lines { // each run opens it anew
				l, err := joblog.Open(filepath.Join(dir, "log"), c.max, c.keep)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := l.Write([]byte(line)); err != nil {
					t.Fatal(err)
				}
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
			}
			got := map[string]string{}
			list, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range list {
				data, err := os.ReadFile(filepath.Join(dir, e.Name()))
				if err != nil {
					t.Fatal(err)
				}
				got[e.Name()] = string(data)
				if st, _ := e.Info(); st.Mode().Perm() != 0o600 {
					t.Errorf("%s has mode %v", e.Name(), st.Mode())
				}
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}
