package nodestore

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/minio/minio-go/v7/pkg/signer"

	"github.com/sentryctl/sentryctl/lab/standin/sentry/conf"
)

// bucket is an object store that refuses requests without a signature.
func bucket(t *testing.T) *httptest.Server {
	t.Helper()
	var mu sync.Mutex
	objects := map[string][]byte{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=sentry/"):
			w.WriteHeader(http.StatusForbidden)
		case r.Method == http.MethodPut:
			objects[r.URL.Path], _ = io.ReadAll(r.Body)
		case objects[r.URL.Path] == nil:
			w.WriteHeader(http.StatusNotFound)
		default:
			w.Write(objects[r.URL.Path]) //nolint:errcheck // the client sees it
		}
	}))
	t.Cleanup(srv.Close)
	return srv
}

func TestBodiesInABucket(t *testing.T) {
	c := conf.S3{Endpoint: bucket(t).URL, Bucket: "nodestore", Path: "nodestore", Region: "us-east-1", Access: "sentry", Secret: "sentry"}
	s := &Store{s3: newClient(c)}
	id := ID(1, "fc6d8c0c43fc4630ad850ee518f1b9d0")
	if err := s.Put(t.Context(), id, []byte(`{"a":1}`)); err != nil {
		t.Fatal(err)
	}
	got, err := s.Get(t.Context(), id)
	if err != nil || string(got) != `{"a":1}` {
		t.Errorf("got %s and %v", got, err)
	}
	if _, err := s.s3.get(t.Context(), "nodestore/none"); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v, want that there is none", err)
	}
}

func TestSignatureIsAWSs(t *testing.T) {
	c := conf.S3{Region: "us-east-1", Access: "sentry", Secret: "secret"}
	req := httptest.NewRequest(http.MethodGet, "http://seaweedfs:8333/nodestore/nodestore/abc", nil)
	req.Header.Set("X-Amz-Content-Sha256", hexSum(nil))
	other := signer.SignV4(*req.Clone(t.Context()), c.Access, c.Secret, "", c.Region)
	at := other.Header.Get("X-Amz-Date")
	now, err := parseLong(at)
	if err != nil {
		t.Fatal(err)
	}
	sign(req, nil, c, now)
	if got, want := req.Header.Get("Authorization"), other.Header.Get("Authorization"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func parseLong(s string) (time.Time, error) { return time.Parse(longTime, s) }
