package repository_test

import (
	"bytes"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/net/webdav"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
)

// holding lists the files below directories that hold a secret.
func holding(t *testing.T, secret string, dirs ...string) (found []string) {
	t.Helper()
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil // it went away
			}
			if content, err := os.ReadFile(path); err == nil && bytes.Contains(content, []byte(secret)) {
				found = append(found, path)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	return found
}

// A kill at any moment must leave no credential on a disk, so the server looks
// whether there is one while it is spoken to.
func TestNoSecretTouchesTheDisk(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	a := access(t, "webdav://me@x/") // the place is changed below
	var mu sync.Mutex
	requests, secret := 0, davPassword
	h := &webdav.Handler{FileSystem: webdav.Dir(t.TempDir()), LockSystem: webdav.NewMemLS()}
	l := (&gate{}).listen(t)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		requests++
		for _, path := range append(holding(t, secret, temp, a.Dir), holding(t, password, temp, a.Dir)...) {
			t.Errorf("%s holds a secret while the server hears %s %s", path, r.Method, r.URL)
		}
		mu.Unlock()
		h.ServeHTTP(w, r)
	})}
	go srv.Serve(l)
	defer srv.Close()
	addr := l.Addr().String()
	use := func(target, hidden string, c repository.Credentials) {
		mu.Lock()
		secret = hidden
		mu.Unlock()
		to, err := repository.ParseTarget(target)
		if err != nil {
			t.Fatal(err)
		}
		a.Target, a.Credentials = to, c
		if err := repository.Init(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		r := open(t, a)
		write(t, r, repository.Options{Dir: oddTree(t)})
		if err := r.Maintain(t.Context(), true); err != nil {
			t.Error(err)
		}
	}
	use("webdav://me@"+addr+"/", davPassword, repository.Credentials{"SENTRYCTL_WEBDAV_PASSWORD": davPassword})
	direct := requests
	if direct == 0 {
		t.Error("the server heard nothing")
	}
	if rclone := rclonePlace(t); rclone.gate != nil {
		config := rcloneConfig(t, addr, davPassword)
		use("rclone:box:below", config[len(config)-20:], repository.Credentials{"RCLONE_CONFIG": config})
	}
	if requests == direct {
		t.Error("the server heard nothing of rclone")
	}
}
