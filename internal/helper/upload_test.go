package helper_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/internal/helper"
)

// objects is a bucket that knows names and sizes.
type objects struct {
	mu    sync.Mutex
	sizes map[string]string
	fails string // the name of an object that is refused
}

func (o *objects) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	name, isObject := strings.CutPrefix(r.URL.Path, "/profiles/")
	switch {
	case r.Method == http.MethodPut && isObject && name == o.fails:
		fail(w, http.StatusForbidden, "AccessDenied")
	case r.Method == http.MethodPut && isObject && name != "":
		io.Copy(io.Discard, r.Body)
		size := r.Header.Get("X-Amz-Decoded-Content-Length")
		if size == "" {
			size = r.Header.Get("Content-Length")
		}
		o.sizes[name] = size
		w.Header().Set("ETag", `"x"`)
	case r.URL.Path == "/":
		fmt.Fprint(w, `<ListAllMyBucketsResult><Buckets></Buckets></ListAllMyBucketsResult>`)
	default:
		fmt.Fprint(w, `<ListBucketResult>`)
		for name, size := range o.sizes {
			fmt.Fprintf(w, "<Contents><Key>%s</Key><Size>%s</Size></Contents>", name, size)
		}
		fmt.Fprint(w, `</ListBucketResult>`)
	}
}

func TestUpload(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a": "one", "1/2/b": "four"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	bucket := &objects{sizes: map[string]string{"a": "2"}, fails: "1/2/b"} // a half object is made again
	server := httptest.NewServer(bucket)
	defer server.Close()
	o := helper.UploadOptions{Endpoint: server.URL, Bucket: "profiles", Dir: dir, Wait: time.Minute}
	k := helper.Keys{AccessKey: "k", SecretKey: "s"}
	if _, _, err := helper.Upload(t.Context(), o, k); err == nil {
		t.Error("an object was refused, and nobody says so")
	}
	bucket.fails = ""
	for _, want := range []int{2, 0} {
		if want == 2 {
			bucket.sizes = map[string]string{"a": "2"}
		}
		files, copied, err := helper.Upload(t.Context(), o, k)
		if err != nil || files != 2 || copied != want {
			t.Errorf("got %d files, %d copied, %v; want 2 and %d", files, copied, err, want)
		}
	}
	if bucket.sizes["1/2/b"] != "4" || bucket.sizes["a"] != "3" {
		t.Errorf("got %v", bucket.sizes)
	}
}
