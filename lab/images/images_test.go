package images

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func testLayer(t *testing.T) layer {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "standin")
	if err := os.WriteFile(bin, []byte("program"), 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := commonLayer(bin)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// A builder writes through a link, so a file that a tree copies into an image
// must not be one.
func TestCopiedFilesAreNoLinks(t *testing.T) {
	r := tar.NewReader(bytes.NewReader(testLayer(t).data))
	for {
		h, err := r.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeSymlink && h.Name == "entrypoint.sh" {
			t.Errorf("%s is a link to %s", h.Name, h.Linkname)
		}
	}
}

func TestSameInputsSameImage(t *testing.T) {
	base := Base{Digest: "abc", DiffID: "sha256:" + strings.Repeat("0", 64)}
	make := func(ref string) image {
		img, err := roleImage(ref, base, testLayer(t))
		if err != nil {
			t.Fatal(err)
		}
		return img
	}
	first, second, other := make("sentryctl-lab/sentry:25.10.0"), make("sentryctl-lab/sentry:25.10.0"), make("sentryctl-lab/sentry:25.5.1")
	if first.inputs != second.inputs || !bytes.Equal(first.config, second.config) {
		t.Error("the same inputs gave two images")
	}
	if first.inputs == other.inputs {
		t.Error("another version gave the same image")
	}
	var c imageConfig
	if err := json.Unmarshal(first.config, &c); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{searchPath, "STANDIN_VERSION=25.10.0"}, c.Config.Env); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}

func TestArchiveNamesItsLayers(t *testing.T) {
	common := testLayer(t)
	base := Base{Digest: "abc", DiffID: "sha256:" + strings.Repeat("0", 64)}
	img, err := roleImage("sentryctl-lab/redis:6.2", base, common)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	layers := blobs{common.diffID: func() (io.ReadCloser, int64, error) {
		return io.NopCloser(bytes.NewReader(common.data)), int64(len(common.data)), nil
	}}
	if err := writeArchive(&out, []image{img}, layers); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for r := tar.NewReader(&out); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		files[h.Name], _ = io.ReadAll(r)
	}
	var manifest []struct {
		Config           string
		RepoTags, Layers []string
	}
	if err := json.Unmarshal(files["manifest.json"], &manifest); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"sentryctl-lab/redis:6.2"}, manifest[0].RepoTags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{layerName(base.DiffID), layerName(common.diffID)}, manifest[0].Layers); diff != "" {
		t.Errorf("layers (-want +got):\n%s", diff)
	}
	if !bytes.Equal(files[layerName(common.diffID)], common.data) || files[manifest[0].Config] == nil {
		t.Error("a layer or the configuration is not in the archive")
	}
}

func TestSplit(t *testing.T) {
	for ref, ok := range map[string]bool{
		"sentryctl-lab/redis:6.2.20-alpine": true, "sentryctl-lab/redis": false, "sentryctl-lab/nothing:1": false, "redis:6": false, "sentryctl-lab/redis:": false,
	} {
		if _, _, err := Split(ref); (err == nil) != ok {
			t.Errorf("%s: got %v", ref, err)
		}
	}
}
