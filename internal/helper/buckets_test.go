package helper_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/helper"
)

// storage is an object storage that knows buckets and their lifecycles. It is
// not ready for its first requests.
type storage struct {
	mu       sync.Mutex
	notReady int
	refuses  string            // an error code for every request
	rules    map[string]string // bucket to its lifecycle, "" for none
	puts     int
}

func (s *storage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	bucket := strings.Trim(r.URL.Path, "/")
	rules, known := s.rules[bucket]
	_, lifecycle := r.URL.Query()["lifecycle"]
	switch {
	case s.notReady > 0:
		s.notReady--
		fail(w, http.StatusServiceUnavailable, "ServiceUnavailable")
	case s.refuses != "":
		fail(w, http.StatusForbidden, s.refuses)
	case bucket == "":
		fmt.Fprint(w, `<ListAllMyBucketsResult><Buckets></Buckets></ListAllMyBucketsResult>`)
	case lifecycle && r.Method == http.MethodGet && rules == "":
		fail(w, http.StatusNotFound, "NoSuchLifecycleConfiguration")
	case lifecycle && r.Method == http.MethodGet:
		fmt.Fprint(w, rules)
	case lifecycle && r.Method == http.MethodPut:
		body, _ := io.ReadAll(r.Body)
		s.rules[bucket] = string(body)
		s.puts++
	case r.Method == http.MethodPut:
		s.rules[bucket] = ""
		s.puts++
	case !known:
		w.WriteHeader(http.StatusNotFound)
	}
}

func fail(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>no</Message></Error>", code)
}

// rule is what we read back of a lifecycle.
type rule struct {
	Prefix string `xml:"Filter>Prefix"`
	Status string
	Days   int `xml:"Expiration>Days"`
}

func rulesOf(t *testing.T, conf string) []rule {
	t.Helper()
	var c struct {
		Rule []rule
	}
	if err := xml.Unmarshal([]byte(conf), &c); err != nil {
		t.Fatalf("%v in %q", err, conf)
	}
	return c.Rule
}

var keys = helper.Keys{AccessKey: "sentry", SecretKey: "hunter2"}

func options(url string, buckets ...string) helper.BucketOptions {
	return helper.BucketOptions{Endpoint: url, Buckets: buckets, ExpireDays: 90, Wait: 10 * time.Second}
}

func serve(t *testing.T, s *storage) string {
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return server.URL
}

func TestBucketsAreMadeOnce(t *testing.T) {
	s := &storage{rules: map[string]string{"nodestore": ""}}
	url := serve(t, s)
	made, err := helper.Buckets(t.Context(), options(url, "nodestore", "profiles"), keys)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"profiles"}, made); d != "" {
		t.Error(d)
	}
	for name, conf := range s.rules {
		if d := cmp.Diff([]rule{{Status: "Enabled", Days: 90}}, rulesOf(t, conf)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	before := s.puts
	made, err = helper.Buckets(t.Context(), options(url, "nodestore", "profiles"), keys)
	if err != nil || len(made) != 0 || s.puts != before {
		t.Errorf("a second run: made %v, %d changes, %v", made, s.puts-before, err)
	}
}

func TestRulesOfTheAdminStay(t *testing.T) {
	s := &storage{rules: map[string]string{"nodestore": `<LifecycleConfiguration>` +
		`<Rule><ID>old</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter><Expiration><Days>30</Days></Expiration></Rule>` +
		`<Rule><ID>tmp</ID><Status>Enabled</Status><Filter><Prefix>tmp/</Prefix></Filter><Expiration><Days>1</Days></Expiration></Rule>` +
		`</LifecycleConfiguration>`}}
	if _, err := helper.Buckets(t.Context(), options(serve(t, s), "nodestore"), keys); err != nil {
		t.Fatal(err)
	}
	want := []rule{{Prefix: "tmp/", Status: "Enabled", Days: 1}, {Status: "Enabled", Days: 90}}
	if d := cmp.Diff(want, rulesOf(t, s.rules["nodestore"])); d != "" {
		t.Error(d)
	}
}

func TestWithoutExpiryNoLifecycle(t *testing.T) {
	s := &storage{rules: map[string]string{}}
	o := options(serve(t, s), "nodestore")
	o.ExpireDays = 0
	if _, err := helper.Buckets(t.Context(), o, keys); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"nodestore": ""}, s.rules); d != "" {
		t.Error(d)
	}
}

func TestBucketsWaitForTheStorage(t *testing.T) {
	s := &storage{notReady: 1, rules: map[string]string{}}
	made, err := helper.Buckets(t.Context(), options(serve(t, s), "nodestore"), keys)
	if err != nil || len(made) != 1 {
		t.Errorf("made %v, %v", made, err)
	}
}

func TestBucketsGiveUp(t *testing.T) {
	never := options(serve(t, &storage{notReady: 1 << 20}), "nodestore")
	never.Wait = time.Millisecond
	_, err := helper.Buckets(t.Context(), never, keys)
	if err == nil || !strings.Contains(err.Error(), "does not answer within 1ms") {
		t.Errorf("got %v", err)
	}
	wrong := options(serve(t, &storage{refuses: "SignatureDoesNotMatch"}), "nodestore")
	_, err = helper.Buckets(t.Context(), wrong, keys)
	if err == nil || strings.Contains(err.Error(), keys.SecretKey) {
		t.Errorf("got %v", err)
	}
	for _, endpoint := range []string{"", "seaweedfs:8333", "ftp://seaweedfs", "http://"} {
		_, err := helper.Buckets(t.Context(), options(endpoint, "nodestore"), keys)
		if fault.CodeOf(err) != fault.Usage {
			t.Errorf("%q: got %v", endpoint, err)
		}
	}
}

func TestReadKeys(t *testing.T) {
	got, err := helper.ReadKeys(strings.NewReader(`{"access_key":"sentry","secret_key":"hunter2"}`))
	if err != nil || got != keys {
		t.Errorf("got %v, %v", got, err)
	}
	for _, in := range []string{"", "{}", `{"access_key":"sentry"}`, `{"access_key":"sentry","secret_key":"hunter2","x":1}`, `hunter2`} {
		_, err := helper.ReadKeys(strings.NewReader(in))
		if fault.CodeOf(err) != fault.Usage || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: got %v", in, err)
		}
	}
}
