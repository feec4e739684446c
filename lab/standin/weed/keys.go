package weed

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// keyFiles are the two places of the key that encrypts objects: `server`
// keeps it in its filer, `mini` in a file. Upstream's migrate-seaweedfs-kek.sh
// carries it over; mini will not start with two different keys.
type keyFiles struct{ dir string }

func (k keyFiles) inFiler() string { return filepath.Join(k.dir, "filerldb2", "etc", "s3", "sse_kek") }
func (k keyFiles) inFile() string  { return filepath.Join(k.dir, ".mini_sse_kek") }

// start makes what the mode expects in the data directory.
func (k keyFiles) start(mode string, s3 bool) error {
	if err := os.MkdirAll(k.dir, 0o755); err != nil {
		return fmt.Errorf("make data directory: %w", err)
	}
	if mode == "server" {
		if !s3 {
			return nil
		}
		_, err := ensureKey(k.inFiler())
		return err
	}
	inFile, err := ensureKey(k.inFile())
	if err != nil {
		return err
	}
	inFiler, err := os.ReadFile(k.inFiler())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("read the filer's key: %w", err)
	case !bytes.Equal(bytes.TrimSpace(inFiler), bytes.TrimSpace(inFile)):
		return errors.New("the encryption key in .mini_sse_kek differs from the one in the filer at /etc/s3/sse_kek: carry the filer's key over before the first start of weed mini")
	}
	return nil
}

// ensureKey reads the key or makes a new one.
func ensureKey(path string) ([]byte, error) {
	old, err := os.ReadFile(path)
	if err == nil {
		return old, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read key: %w", err)
	}
	raw := make([]byte, 32)
	rand.Read(raw) //nolint:errcheck // never fails
	text := []byte(hex.EncodeToString(raw))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	return text, writeFile(path, 0o600, text)
}

// filer answers on the filer's port.
func (k keyFiles) filer() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", proc.Healthy("<html></html>\n"))
	mux.HandleFunc("/healthz", proc.Healthy(""))
	mux.HandleFunc("/etc/s3/sse_kek", func(w http.ResponseWriter, r *http.Request) {
		if key, err := os.ReadFile(k.inFiler()); err == nil {
			w.Write(key) //nolint:errcheck // the peer's loss
			return
		}
		http.NotFound(w, r)
	})
	return mux
}
