package adopt_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/upgrade/adopt"
)

func TestDecide(t *testing.T) {
	readme := adopt.Witness{Kind: adopt.Tree, Place: "README.md", Says: "24.8.0"}
	git := adopt.Witness{Kind: adopt.Tree, Place: "git tag", Says: "24.8.0"}
	older := adopt.Witness{Kind: adopt.Running, Place: "container web", Says: "24.2.0"}
	nightly := adopt.Witness{Kind: adopt.Images, Place: "SENTRY_IMAGE", Says: "nightly"}
	untagged := adopt.Witness{Kind: adopt.Images, Place: "SENTRY_IMAGE", Says: adopt.Tag("getsentry/sentry")}
	cases := []struct {
		name      string
		witnesses []adopt.Witness
		want      string
		version   string
		moving    string
		against   int
		code      fault.Code
	}{
		{"all agree", []adopt.Witness{readme, git}, "", "24.8.0", "", 0, fault.OK},
		{"nightly images", []adopt.Witness{readme, nightly}, "", "24.8.0", "nightly", 0, fault.OK},
		{"untagged images", []adopt.Witness{readme, untagged}, "", "24.8.0", "latest", 0, fault.OK},
		{"new tree, old containers", []adopt.Witness{readme, older}, "", "24.8.0", "", 1, fault.Integrity},
		{"the admin's word", []adopt.Witness{readme, older}, "24.2.0", "24.2.0", "", 1, fault.OK},
		{"nobody speaks", nil, "", "", "", 0, fault.Usage},
		{"only images that move", []adopt.Witness{nightly}, "", "", "nightly", 0, fault.Usage},
		{"only the containers", []adopt.Witness{older}, "", "", "", 0, fault.Usage},
		{"only the admin", nil, "24.8.0", "24.8.0", "", 0, fault.OK},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var want calver.Version
			if c.want != "" {
				want = calver.MustParse(c.want)
			}
			d, err := adopt.Decide(c.witnesses, want)
			if fault.CodeOf(err) != c.code || err == nil && d.Version.String() != c.version || d.Moving != c.moving || len(d.Against) != c.against && c.code != fault.Usage {
				t.Errorf("got %+v, %v", d, err)
			}
			if err != nil && !strings.Contains(fault.HintOf(err), "--version") {
				t.Errorf("hint %q does not help", fault.HintOf(err))
			}
		})
	}
}

func TestTag(t *testing.T) {
	for ref, want := range map[string]string{
		"getsentry/sentry:24.8.0": "24.8.0", "ghcr.io/getsentry/sentry:nightly": "nightly", "reg:5000/sentry": "latest",
		"getsentry/sentry": "latest", "getsentry/sentry:latest": "latest", "sentry": "latest", "": "",
		"getsentry/sentry@sha256:ab": "sha256:ab", "getsentry/sentry:24.8.0@sha256:ab": "24.8.0",
		"sha256:abcdef": "", "0a1b2c3d4e5f": "", strings.Repeat("0a", 32): "",
	} {
		if got := adopt.Tag(ref); got != want {
			t.Errorf("%s: got %q, want %q", ref, got, want)
		}
	}
}

func TestGitTag(t *testing.T) {
	cases := []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"detached at a light tag", map[string]string{"HEAD": "aaa\n", "refs/tags/24.8.0": "aaa\n"}, "24.8.0"},
		{"detached at an annotated tag", map[string]string{"HEAD": "bbb\n", "packed-refs": "# pack-refs\nccc refs/tags/24.8.0\n^bbb\nddd refs/tags/24.2.0\n"}, "24.8.0"},
		{"a branch at a tag", map[string]string{"HEAD": "ref: refs/heads/mine\n", "refs/heads/mine": "ddd\n", "packed-refs": "ddd refs/tags/24.2.0\n"}, "24.2.0"},
		{"past a tag", map[string]string{"HEAD": "eee\n", "packed-refs": "ddd refs/tags/24.2.0\n"}, ""},
		{"no checkout", nil, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := adopt.GitTag(func(path string) string { return c.files[path] }, []string{"24.2.0", "24.8.0"})
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

func TestDrift(t *testing.T) {
	pristine := fstest.MapFS{
		"docker-compose.yml": file("a"), ".env": file("b"), "nginx.conf": file("c"), "install.sh": file("d"),
		"sentry/sentry.conf.example.py": file("e"),
	}
	disk := fstest.MapFS{
		"docker-compose.yml": file("a"), ".env": file("B"), "nginx.conf": file("c"),
		"sentry/sentry.conf.example.py": file("e"), "sentry/sentry.conf.py": file("x"), "sentry/notes.txt": file("x"),
		".env.custom": file("x"), "docker-compose.override.yml": file("x"), "sentry_install_log-2024-08-15_10-00-00.txt": file("x"),
		"backups/1/a": file("x"), "backups/2/a": file("x"), ".git/HEAD": file("x"), ".sentryctl/site.yaml": file("x"),
	}
	want := []adopt.Change{
		{".env", adopt.Changed}, {".env.custom", adopt.Added}, {"backups/", adopt.Added}, {"docker-compose.override.yml", adopt.Added},
		{"install.sh", adopt.Missing}, {"sentry/notes.txt", adopt.Added}, {"sentry/sentry.conf.py", adopt.Made},
		{"sentry_install_log-2024-08-15_10-00-00.txt", adopt.Made},
	}
	got, err := adopt.Drift(pristine, disk)
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
}
