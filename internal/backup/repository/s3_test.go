package repository_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/lab/standin/weed"
)

// objectStorage serves S3 on the loopback until it is told to go away.
func objectStorage(t *testing.T) (a repository.Access, gone *atomic.Bool) {
	t.Helper()
	h, err := weed.Handler(t.TempDir(), "key")
	if err != nil {
		t.Fatal(err)
	}
	gone = &atomic.Bool{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if gone.Load() {
			w.WriteHeader(http.StatusForbidden) // not one that is tried again for minutes
			return
		}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	req, err := http.NewRequest(http.MethodPut, srv.URL+"/backups", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "AWS key:x")
	res, err := srv.Client().Do(req)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("make a bucket: %v %v", res, err)
	}
	res.Body.Close()
	a = access(t, "s3://backups/sentry?region=us-east-1&endpoint="+srv.URL)
	a.Credentials = repository.Credentials{"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
	return a, gone
}

func TestObjectStorage(t *testing.T) {
	a, gone := objectStorage(t)
	if err := repository.Init(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	r := open(t, a)
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a"), data(1, 3<<20), 0o600)
	put(t, filepath.Join(dir, "b"), data(2, 1<<20), 0o600)
	write(t, r, repository.Options{Dir: dir})
	put(t, filepath.Join(dir, "b"), data(3, 1<<20), 0o600)
	second := write(t, r, repository.Options{Dir: dir})
	if second.Read != 1<<20 || second.Added > 3<<19 {
		t.Errorf("second: read %d, added %d", second.Read, second.Added)
	}
	if d := cmp.Diff(look(t, dir), look(t, restore(t, r, second))); d != "" {
		t.Error(d)
	}
	elsewhere := a
	elsewhere.Dir = t.TempDir() // no cache
	if _, err := open(t, elsewhere).Verify(t.Context(), 100, second.Snapshot); err != nil {
		t.Error(err)
	}
	gone.Store(true)
	put(t, filepath.Join(dir, "c"), data(4, 1<<20), 0o600)
	if _, err := r.Write(t.Context(), repository.Options{Source: source, Dir: dir}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("the storage went away, and Write says: %v", err)
	}
	gone.Store(false)
	list, err := open(t, a).List(t.Context(), source)
	if err != nil || len(list) != 2 {
		t.Errorf("after it is back: %+v, %v", list, err)
	}
}

func TestWrongKeys(t *testing.T) {
	a, _ := objectStorage(t)
	a.Credentials["AWS_ACCESS_KEY_ID"] = "other"
	err := repository.Init(t.Context(), a)
	if err == nil || fault.HintOf(err) == "" || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}
