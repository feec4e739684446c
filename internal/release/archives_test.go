package release_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// item is one entry of a test archive. Kind 0 is a file, or a directory when
// the name ends in a slash.
type item struct {
	name, text string
	kind       byte
	mode       int64
}

const image = "SENTRY_IMAGE=getsentry/sentry:25.10.0\n"

// tree is a small release below one top directory, as public archives have it.
func tree(extra ...item) []item {
	return append([]item{
		{name: "pax_global_header", kind: tar.TypeXGlobalHeader},
		{name: "self-hosted-25.10.0/"},
		{name: "self-hosted-25.10.0/.env", text: image},
		{name: "self-hosted-25.10.0/docker-compose.yml", text: "services: {}\n"},
		{name: "self-hosted-25.10.0/install.sh", text: "#!/bin/sh\n", mode: 0o755},
	}, extra...)
}

func tarOf(tb testing.TB, items []item) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, it := range items {
		h := &tar.Header{Name: it.name, Typeflag: it.kind, Mode: max(it.mode, 0o644)}
		switch {
		case it.kind == tar.TypeXGlobalHeader:
			h = &tar.Header{Typeflag: it.kind, PAXRecords: map[string]string{"comment": "a commit"}}
		case it.kind == tar.TypeSymlink, it.kind == tar.TypeLink:
			h.Linkname = it.text
		case it.kind != 0:
		case strings.HasSuffix(it.name, "/"):
			h.Typeflag = tar.TypeDir
		default:
			h.Typeflag, h.Size = tar.TypeReg, int64(len(it.text))
		}
		if err := w.WriteHeader(h); err != nil {
			tb.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := io.WriteString(w, it.text); err != nil {
				tb.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func gzipped(tb testing.TB, data []byte) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(data)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func zstandard(tb testing.TB, data []byte) []byte {
	tb.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return w.EncodeAll(data, nil)
}

func zipOf(tb testing.TB, items []item) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, it := range items {
		if it.kind == tar.TypeXGlobalHeader {
			continue
		}
		h := &zip.FileHeader{Name: it.name, Method: zip.Deflate}
		h.SetMode(fs.FileMode(max(it.mode, 0o644)))
		if it.kind == tar.TypeSymlink {
			h.SetMode(fs.ModeSymlink | 0o777)
		}
		f, err := w.CreateHeader(h)
		if err == nil {
			_, err = io.WriteString(f, it.text)
		}
		if err != nil && !strings.HasSuffix(it.name, "/") {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// saved writes data into a new file and returns its path.
func saved(tb testing.TB, name string, data []byte) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}
