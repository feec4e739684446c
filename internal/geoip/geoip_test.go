package geoip_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/geoip"
)

func TestParseAccount(t *testing.T) {
	cases := []struct {
		name, conf, err string
		want            geoip.Account
	}{
		{name: "as upstream's example", conf: "# about\nAccountID 42\nLicenseKey abc\nEditionIDs GeoLite2-City\n",
			want: geoip.Account{ID: 42, License: "abc", Editions: []string{"GeoLite2-City"}}},
		{name: "another host, two editions", conf: "AccountID 1\nLicenseKey k # mine\nEditionIDs A B\nHost updates.example.com\n",
			want: geoip.Account{ID: 1, License: "k", Editions: []string{"A", "B"}, Endpoint: "https://updates.example.com"}},
		{name: "no number", conf: "AccountID many\n", err: "line 1: AccountID is no number"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := geoip.ParseAccount([]byte(c.conf))
			if fmt.Sprint(err) != c.err && !(err == nil && c.err == "") {
				t.Fatalf("got error %v, want %q", err, c.err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// maxmind plays the update service for one account.
func maxmind(t *testing.T, database []byte, downloads *int) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id, key, _ := r.BasicAuth(); id != "42" || key != "right-key" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if strings.HasPrefix(r.URL.Path, "/geoip/updates/metadata") {
			fmt.Fprintf(w, `{"databases":[{"edition_id":"GeoLite2-City","md5":"%x","date":"2026-01-02"}]}`, md5.Sum(database))
			return
		}
		*downloads++
		w.Header().Set("Last-Modified", "Fri, 02 Jan 2026 00:00:00 GMT")
		w.Write(archive(t, database))
	}))
	t.Cleanup(srv.Close)
	return srv
}

func archive(t *testing.T, data []byte) []byte {
	var b bytes.Buffer
	gz := gzip.NewWriter(&b)
	tw := tar.NewWriter(gz)
	tw.WriteHeader(&tar.Header{Name: "d/GeoLite2-City.mmdb", Mode: 0o644, Size: int64(len(data))})
	tw.Write(data)
	tw.Close()
	gz.Close()
	return b.Bytes()
}

func TestUpdate(t *testing.T) {
	downloads := 0
	srv := maxmind(t, []byte("a database"), &downloads)
	dir := t.TempDir()
	conf := func(key string) string {
		path := filepath.Join(dir, "GeoIP.conf")
		os.WriteFile(path, []byte("AccountID 42\nLicenseKey "+key+"\nHost "+srv.URL+"\n"), 0o600)
		return path
	}
	err := geoip.Updater{}.Update(t.Context(), conf("wrong-key"), dir)
	if err == nil || strings.Contains(err.Error(), "wrong-key") || !strings.Contains(err.Error(), "refuses the account") {
		t.Errorf("a wrong key gave: %v", err)
	}
	for range 2 {
		if err := (geoip.Updater{}).Update(t.Context(), conf("right-key"), dir); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "GeoLite2-City.mmdb")); string(got) != "a database" {
		t.Errorf("got %q", got)
	}
	if downloads != 1 {
		t.Errorf("got %d downloads, want 1: the second time nothing had changed", downloads)
	}
}

func TestUpdateOfAServiceOutOfReach(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	dir := t.TempDir()
	conf := filepath.Join(dir, "GeoIP.conf")
	if err := os.WriteFile(conf, []byte("AccountID 42\nLicenseKey k3y-of-ours\nHost "+srv.URL+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := geoip.Updater{}.Update(t.Context(), conf, dir)
	if err == nil || !strings.Contains(err.Error(), "reach MaxMind") || strings.Contains(err.Error(), "k3y-of-ours") {
		t.Errorf("got %v", err)
	}
	if got, want := fault.HintOf(err), "Open the way to MaxMind (DNS, firewall, HTTPS_PROXY), then run the same command again"; got != want {
		t.Errorf("got hint %q, want %q", got, want)
	}
}
