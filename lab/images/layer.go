package images

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// epoch is the time of every file and image: equal inputs give equal digests.
var epoch = time.Unix(1577836800, 0).UTC()

// layer is one image layer held in memory.
type layer struct {
	diffID string
	data   []byte
}

// entry is one file, link or directory of a layer; paths are absolute.
type entry struct {
	path string
	link string // target of a symbolic link
	dir  bool
	mode int64
	uid  int
	data []byte
}

// makeLayer packs entries, sorted, into a tar with fixed times.
func makeLayer(entries []entry) (layer, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.path, b.path) })
	for _, e := range entries {
		if err := w.WriteHeader(e.header()); err != nil {
			return layer{}, fmt.Errorf("pack %s: %w", e.path, err)
		}
		if _, err := w.Write(e.data); err != nil {
			return layer{}, fmt.Errorf("pack %s: %w", e.path, err)
		}
	}
	if err := w.Close(); err != nil {
		return layer{}, fmt.Errorf("pack a layer: %w", err)
	}
	sum := sha256.Sum256(buf.Bytes())
	return layer{"sha256:" + hex.EncodeToString(sum[:]), buf.Bytes()}, nil
}

func (e entry) header() *tar.Header {
	h := &tar.Header{Name: e.path[1:], Mode: e.mode, ModTime: epoch, Uid: e.uid, Gid: e.uid, Format: tar.FormatGNU}
	switch {
	case e.link != "":
		h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, e.link, 0o777
	case e.dir:
		h.Typeflag, h.Name = tar.TypeDir, h.Name+"/"
	default:
		h.Typeflag, h.Size = tar.TypeReg, int64(len(e.data))
	}
	return h
}

// fileEntry reads a program from disk.
func fileEntry(path, from string) (entry, error) {
	data, err := os.ReadFile(from)
	if err != nil {
		return entry{}, fmt.Errorf("read the stand-in program: %w", err)
	}
	return entry{path: path, mode: 0o755, data: data}, nil
}
