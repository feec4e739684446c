package release

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// small limits keep a fuzzed bomb small.
func small() limits { return limits{entries: 50, file: 1 << 12, total: 1 << 14} }

func TestLimits(t *testing.T) {
	many := make([]string, 60)
	for i := range many {
		many[i] = string(rune('a'+i%26)) + string(rune('a'+i/26))
	}
	cases := []struct {
		name  string
		names []string
		size  int
	}{
		{"one large file", []string{"a"}, 1<<12 + 1},
		{"many files", many, 1},
		{"large together", many[:8], 1 << 12},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			var tarball, zipped bytes.Buffer
			tw, zw := tar.NewWriter(&tarball), zip.NewWriter(&zipped)
			for _, n := range tc.names {
				data := make([]byte, tc.size)
				if err := tw.WriteHeader(&tar.Header{Name: n, Size: int64(tc.size), Mode: 0o644}); err != nil {
					t.Fatal(err)
				}
				f, err := zw.Create(n)
				if err != nil {
					t.Fatal(err)
				}
				tw.Write(data)
				f.Write(data)
			}
			tw.Close()
			zw.Close()
			for _, data := range [][]byte{tarball.Bytes(), zipped.Bytes()} {
				if err := unpackBytes(t, data); blame("x", err) == nil {
					t.Error("got no error")
				}
			}
		})
	}
}

func unpackBytes(t *testing.T, data []byte) error {
	t.Helper()
	parent := t.TempDir()
	file := filepath.Join(parent, "archive")
	inside := filepath.Join(parent, "in")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(inside, 0o755); err != nil {
		t.Fatal(err)
	}
	archive, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	root, err := os.OpenRoot(inside)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	err = unpack(t.Context(), archive, root, small())
	entries, _ := os.ReadDir(parent)
	if len(entries) != 2 {
		t.Errorf("something was written beside the directory: %v", entries)
	}
	if err == nil {
		if err = checkLinks(root); err == nil {
			onlyPlain(t, inside)
		}
	}
	return err
}

// onlyPlain wants files, directories and links, within the limits.
func onlyPlain(t *testing.T, dir string) {
	t.Helper()
	total := int64(0)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch info.Mode().Type() {
		case 0:
			total += info.Size()
		case fs.ModeDir, fs.ModeSymlink:
		default:
			t.Errorf("%s is %s", path, info.Mode())
		}
		return nil
	})
	if err != nil || total > small().total {
		t.Errorf("got %d bytes, %v", total, err)
	}
}

func FuzzUnpack(f *testing.F) {
	var plain, zipped bytes.Buffer
	tw, zw := tar.NewWriter(&plain), zip.NewWriter(&zipped)
	for _, n := range []string{"top/docker-compose.yml", "top/a", "../b", "top/l"} {
		tw.WriteHeader(&tar.Header{Name: n, Size: 2, Mode: 0o755})
		tw.Write([]byte("hi"))
		w, err := zw.Create(n)
		if err != nil {
			f.Fatal(err)
		}
		w.Write([]byte("hi"))
	}
	tw.Close()
	zw.Close()
	f.Add(plain.Bytes())
	f.Add(zipped.Bytes())
	f.Add([]byte{0x1f, 0x8b, 8, 0})
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd})
	f.Fuzz(func(t *testing.T, data []byte) { _ = unpackBytes(t, data) })
}
