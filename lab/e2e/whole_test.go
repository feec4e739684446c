package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/lab/labtest"
)

// whole is what a walk over releases comes to, with all that it may leave behind.
// What differs from site to site is left out: runs, times, and what secrets are.
type whole struct {
	Site        state
	Containers  []string       // names, also of helpers and of what was half replaced
	Images      []string       // that have the site's name, or are kept for it
	Own         []string       // what lies in the directories of .sentryctl, but for journals
	Bytes       map[string]int // of each file: secrets differ, and are of one length
	Checkpoints []string       // by the version that each leads back to, oldest first; a kill lets one be written twice
}

func (b before) whole(t *testing.T) whole {
	t.Helper()
	w := whole{Site: observe(t, b.Site), Bytes: map[string]int{}, Checkpoints: slices.Compact(b.checkpoints(t))}
	w.Site.Files = withoutTorn(t, w.Site.Files)
	w.Containers = ours(b.Site, docker(t, b.Site, "ps", "-a", "--format", "{{.Names}}"))
	w.Images = ours(b.Site, docker(t, b.Site, "image", "ls", "--format", "{{.Repository}}:{{.Tag}}"))
	own, err := filepath.Glob(filepath.Join(b.Dir, ".sentryctl", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range own {
		if path = strings.TrimPrefix(path, b.Dir+"/.sentryctl/"); !strings.HasPrefix(path, "runs/") {
			w.Own = append(w.Own, path)
		}
	}
	w.Own = withoutTorn(t, w.Own)
	alike := strings.NewReplacer(b.Dir, "DIR", b.Prefix, "site", b.URL(), "URL", strings.TrimPrefix(b.URL(), "http://"), "BIND")
	walk(t, b.Dir, func(path string, info fs.FileInfo) {
		if !info.Mode().IsRegular() || strings.HasPrefix(path, ".sentryctl/") || torn.MatchString(path) {
			return
		}
		data, err := os.ReadFile(filepath.Join(b.Dir, filepath.FromSlash(path)))
		if err != nil {
			t.Fatal(err)
		}
		w.Bytes[path] = len(alike.Replace(string(data)))
	})
	return w
}

// ours are the names with the site's prefix anywhere in them, which becomes "site".
func ours(s *labtest.Site, names []string) []string {
	prefix := regexp.MustCompile(`(^|[^a-z0-9])` + regexp.QuoteMeta(s.Prefix) + `([^0-9]|$)`)
	var out []string
	for _, n := range names {
		if prefix.MatchString(n) {
			out = append(out, prefix.ReplaceAllString(n, "${1}site${2}"))
		}
	}
	slices.Sort(out)
	return out
}

// torn is the name of what is still to get its own when its writer is killed, or
// that is there for a moment only. Nobody reads it.
var torn = regexp.MustCompile(`(^|[/ ])(\.[^/]*[0-9]{6,}|connection-[0-9]+\.json)$`)

func withoutTorn(t *testing.T, files []string) []string {
	t.Helper()
	return slices.DeleteFunc(files, func(f string) bool {
		is := torn.MatchString(f)
		if is {
			t.Logf("a kill left %s", f)
		}
		return is
	})
}

// comesTo wants the site to be what another came to that nobody disturbed.
func (b before) comesTo(t *testing.T, want whole) {
	t.Helper()
	if diff := cmp.Diff(want, b.whole(t)); diff != "" {
		t.Errorf("the site (-undisturbed +killed):\n%s", diff)
	}
}
