package release_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
)

var v25 = calver.MustParse("25.10.0")

// contents lists the files below dir, with * behind those that can be run.
func contents(t *testing.T, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		if info, err := d.Info(); err == nil && info.Mode()&0o100 != 0 && info.Mode().IsRegular() {
			rel += "*"
		}
		list = append(list, rel)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestEveryKindOfSourceGivesTheSameTree(t *testing.T) {
	items := tree(item{name: "self-hosted-25.10.0/relay/config.example.yml", text: "relay: {}\n"})
	dir := filepath.Join(t.TempDir(), "self-hosted-25.10.0")
	for _, it := range items[2:] {
		path := filepath.Join(filepath.Dir(dir), it.name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(it.text), fs.FileMode(max(it.mode, 0o644)))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, ".git", "objects"), 0o755); err != nil {
		t.Fatal(err)
	}
	tarball := tarOf(t, items)
	flat := make([]item, 0, len(items))
	for _, it := range items[2:] {
		it.name = "./" + strings.TrimPrefix(it.name, "self-hosted-25.10.0/")
		flat = append(flat, it)
	}
	cases := []struct{ name, source string }{
		{"tar.gz", saved(t, "a.tar.gz", gzipped(t, tarball))},
		{"tar", saved(t, "a.tar", tarball)},
		{"tar.zst", saved(t, "a.tar.zst", zstandard(t, tarball))},
		{"zip", saved(t, "a.zip", zipOf(t, items))},
		{"name does not matter", saved(t, "archive", gzipped(t, tarball))},
		{"no top directory", saved(t, "a.tgz", gzipped(t, tarOf(t, flat)))},
		{"directory", dir},
		{"file URL", "file://" + dir},
	}
	want := []string{".env", "docker-compose.yml", "install.sh*", "relay/config.example.yml"}
	var digest string
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			dest := filepath.Join(t.TempDir(), "tree")
			got, err := release.Fetcher{}.Fetch(t.Context(), tc.source, v25, dest)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, contents(t, dest)); d != "" {
				t.Error(d)
			}
			if digest == "" {
				digest = got.Digest
			}
			if got.Version != v25 || got.Digest != digest || got.Dir != dest {
				t.Errorf("got %+v; want version 25.10.0, digest %s, dir %s", got, digest, dest)
			}
		})
	}
}

func TestFetchRefuses(t *testing.T) {
	good := gzipped(t, tarOf(t, tree()))
	top := "self-hosted-25.10.0/"
	with := func(extra ...item) string { return saved(t, "a.tar.gz", gzipped(t, tarOf(t, tree(extra...)))) }
	flipped := bytes.Clone(good)
	flipped[len(flipped)-6] ^= 0xff
	cases := []struct {
		name, source string
		code         fault.Code
		says         string
	}{
		{"parent path", with(item{name: "../evil", text: "x"}), fault.Integrity, `"../evil" leads out`},
		{"parent path inside", with(item{name: top + "../../evil", text: "x"}), fault.Integrity, "leads out"},
		{"absolute path", with(item{name: "/etc/evil", text: "x"}), fault.Integrity, "leads out"},
		{"backslash", with(item{name: top + `..\evil`, text: "x"}), fault.Integrity, "leads out"},
		{"parent path in a zip", saved(t, "a.zip", zipOf(t, tree(item{name: "../evil", text: "x"}))), fault.Integrity, "leads out"},
		{"absolute link", with(item{name: top + "l", text: "/etc/passwd", kind: tar.TypeSymlink}), fault.Integrity, "leads out"},
		{"link out", with(item{name: top + "l", text: "../../x", kind: tar.TypeSymlink}), fault.Integrity, "leads out"},
		{"link out of the stripped directory", with(item{name: top + "l", text: "../" + top + ".env", kind: tar.TypeSymlink}), fault.Integrity, "leads out"},
		{"link out in a zip", saved(t, "a.zip", zipOf(t, tree(item{name: top + "l", text: "/etc", kind: tar.TypeSymlink}))), fault.Integrity, "leads out"},
		{"link out through a link", with(item{name: top + "a/b/c", text: "../..", kind: tar.TypeSymlink}, item{name: top + "l", text: "a/b/c/../etc", kind: tar.TypeSymlink}), fault.Integrity, "link"},
		{"file through a link", with(item{name: top + "d", text: "/tmp", kind: tar.TypeSymlink}, item{name: top + "d/evil", text: "x"}), fault.Integrity, "below a file or a link"},
		{"hard link out", with(item{name: top + "h", text: "/etc/passwd", kind: tar.TypeLink}), fault.Integrity, "leads out"},
		{"hard link to a link", with(item{name: top + "l", text: ".env", kind: tar.TypeSymlink}, item{name: top + "h", text: top + "l", kind: tar.TypeLink}), fault.Integrity, "no file before it"},
		{"device", with(item{name: top + "null", kind: tar.TypeChar}), fault.Integrity, "neither a file"},
		{"pipe", with(item{name: top + "pipe", kind: tar.TypeFifo}), fault.Integrity, "neither a file"},
		{"same path twice", with(item{name: top + ".env", text: "X=1\n"}), fault.Integrity, "twice"},
		{"link to nothing", with(item{name: top + "l", text: "nothing", kind: tar.TypeSymlink}), fault.Integrity, "leads to nothing"},
		{"cut short", saved(t, "a.tar.gz", good[:len(good)/2]), fault.Integrity, "broken archive"},
		{"checksum", saved(t, "a.tar.gz", flipped), fault.Integrity, "broken archive"},
		{"empty file", saved(t, "a.tar.gz", nil), fault.Integrity, "broken archive"},
		{"web page", saved(t, "a.tar.gz", []byte("<html>not found</html>")), fault.Integrity, "broken archive"},
		{"no compose file", saved(t, "a.tar.gz", gzipped(t, tarOf(t, []item{{name: "x/README.md", text: "x"}}))), fault.Integrity, "no docker-compose.yml"},
		{"other version", saved(t, "a.tar.gz", gzipped(t, tarOf(t, tree(item{name: top + "README.md", text: "# Self-Hosted Sentry 24.8.0\n"})))), fault.Integrity, "README.md says 24.8.0"},
		{"no such file", filepath.Join(t.TempDir(), "none.tar.gz"), fault.Usage, "no such file"},
		{"directory without compose file", t.TempDir(), fault.Usage, "no docker-compose.yml"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			parent := t.TempDir()
			_, err := release.Fetcher{}.Fetch(t.Context(), tc.source, v25, filepath.Join(parent, "tree"))
			if fault.CodeOf(err) != tc.code || !strings.Contains(fmt.Sprint(err), tc.says) {
				t.Errorf("got %v (%d), want code %d and %q", err, fault.CodeOf(err), tc.code, tc.says)
			}
			if fault.HintOf(err) == "" {
				t.Error("no hint")
			}
			if left := contents(t, parent); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestFetchWantsTheAskedVersionAndDigest(t *testing.T) {
	data := gzipped(t, tarOf(t, tree()))
	source := saved(t, "a.tar.gz", data)
	archive := fmt.Sprintf("sha256:%x", sha256.Sum256(data))
	plain, err := release.Fetcher{}.Fetch(t.Context(), source, calver.Version{}, filepath.Join(t.TempDir(), "tree"))
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, want string
		version    calver.Version
		code       fault.Code
	}{
		{"digest of the archive", archive, v25, fault.OK},
		{"digest of the tree", plain.Digest, v25, fault.OK},
		{"another digest", "sha256:" + strings.Repeat("0", 64), v25, fault.Integrity},
		{"no digest", "sha256:12", v25, fault.Usage},
		{"another version", "", calver.MustParse("25.9.0"), fault.Integrity},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			_, err := release.Fetcher{Want: tc.want}.Fetch(t.Context(), source, tc.version, filepath.Join(t.TempDir(), "tree"))
			if fault.CodeOf(err) != tc.code {
				t.Errorf("got %v, want code %d", err, tc.code)
			}
		})
	}
}

func TestFetchReplacesAReleaseAndNothingElse(t *testing.T) {
	source := saved(t, "a.tar.gz", gzipped(t, tarOf(t, tree())))
	dest := t.TempDir()
	put := func(name string) {
		if err := os.WriteFile(filepath.Join(dest, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("letter.txt")
	if _, err := (release.Fetcher{}).Fetch(t.Context(), source, v25, dest); fault.CodeOf(err) != fault.Usage {
		t.Fatalf("got %v, want a usage error for a directory with other files", err)
	}
	put("docker-compose.yml")
	if _, err := (release.Fetcher{}).Fetch(t.Context(), source, v25, dest); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{".env", "docker-compose.yml", "install.sh*"}, contents(t, dest)); d != "" {
		t.Error(d)
	}
}

// server answers every URL with the same bytes, and counts.
type server struct {
	data  []byte
	size  int64
	asked []string
}

func (s *server) Get(_ context.Context, url string) (io.ReadCloser, int64, error) {
	s.asked = append(s.asked, url)
	return io.NopCloser(bytes.NewReader(s.data)), s.size, nil
}

func TestDownloadIsKeptAndUsedAgain(t *testing.T) {
	data := gzipped(t, tarOf(t, tree()))
	s := &server{data: data, size: int64(len(data))}
	f := release.Fetcher{Get: s, Cache: filepath.Join(t.TempDir(), "cache")}
	for range 2 {
		if _, err := f.Fetch(t.Context(), "", v25, filepath.Join(t.TempDir(), "tree")); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"https://github.com/getsentry/self-hosted/archive/refs/tags/25.10.0.tar.gz"}
	if d := cmp.Diff(want, s.asked); d != "" {
		t.Error(d)
	}
	kept, _ := filepath.Glob(filepath.Join(f.Cache, "*"))
	if len(kept) != 1 {
		t.Fatalf("got %v in the cache, want one archive", kept)
	}
	if err := os.WriteFile(kept[0], data[:100], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Fetch(t.Context(), "", v25, filepath.Join(t.TempDir(), "tree")); err != nil || len(s.asked) != 2 {
		t.Errorf("got %v after %d downloads; want a broken archive in the cache to be downloaded again", err, len(s.asked))
	}
}

func TestDownloadCutShort(t *testing.T) {
	data := gzipped(t, tarOf(t, tree()))
	f := release.Fetcher{Get: &server{data: data[:50], size: int64(len(data))}}
	_, err := f.Fetch(t.Context(), "https://user:pass@example.org/a.tar.gz?token=abc", v25, filepath.Join(t.TempDir(), "tree"))
	if fault.CodeOf(err) != fault.Integrity || !strings.Contains(fmt.Sprint(err), "got 50 of") {
		t.Errorf("got %v, want an integrity error with both sizes", err)
	}
	if s := fmt.Sprint(err); strings.Contains(s, "pass") || strings.Contains(s, "token") {
		t.Errorf("a secret stands in %q", s)
	}
}

// absent answers as a server that does not have the file.
type absent struct{}

func (absent) Get(context.Context, string) (io.ReadCloser, int64, error) {
	return nil, 0, fault.New(fault.Usage, "Check the URL", "the server answered 404 Not Found")
}

func TestUnpublishedVersion(t *testing.T) {
	_, err := release.Fetcher{Get: absent{}}.Fetch(t.Context(), "", v25, filepath.Join(t.TempDir(), "tree"))
	if fault.CodeOf(err) != fault.Usage || !strings.Contains(fault.HintOf(err), "sentryctl release list") {
		t.Errorf("got %v, hint %q; want a usage error that names the list of releases", err, fault.HintOf(err))
	}
}
