package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/preflight"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
	"github.com/sentryctl/sentryctl/internal/upgrade/gate"
)

func TestTheTargetsPreflightBlocksForWhatIsNotAQuestionOfSize(t *testing.T) {
	r := preflight.Report{Findings: []preflight.Finding{
		{ID: "engine-version", Severity: preflight.Block, State: preflight.Bad, Got: "18.9", Want: "19.03.6", Hint: "Update"},
		{ID: "ram", Severity: preflight.Block, State: preflight.Bad, Got: "2 GiB", Want: "8 GiB", Hint: "Add"},
		{ID: "cpu-count", Severity: preflight.Warn, State: preflight.Ignored},
		{ID: "swap", Severity: preflight.Warn, State: preflight.Bad},
		{ID: "port-free", Severity: preflight.Block, State: preflight.Bad},
	}}
	want := []gate.Check{
		{Text: "engine-version: 18.9, want 19.03.6", Hint: "Update", Blocks: true},
		{Text: "ram: 2 GiB, want 8 GiB", Hint: "Add"},
	}
	if d := cmp.Diff(want, preflightChecks(r)); d != "" {
		t.Error(d)
	}
}

func TestWhatAnInstallLetPassPassesAgain(t *testing.T) {
	run := func(workflow string, command ...string) site.Run {
		return site.Run{Records: []step.Record{{Kind: step.KindHeader, Header: &step.Header{Workflow: workflow, Command: command}}}}
	}
	got := waived([]site.Run{run("install", "sentryctl", "install", "--ignore=ram,swap"), run("upgrade", "--ignore=cpu-count"), {}})
	if d := cmp.Diff([]string{"ram,swap"}, got); d != "" {
		t.Error(d)
	}
}

// certificate makes one that is valid between two days from now.
func certificate(t *testing.T, from, to int) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now.AddDate(0, 0, from), NotAfter: now.AddDate(0, 0, to)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func TestAuthoritiesOfASite(t *testing.T) {
	good, old := certificate(t, -9, 100), certificate(t, -9, -2)
	for _, c := range []struct {
		name, data, want string
		blocks           bool
	}{
		{"good", good, "", false},
		{"expired", old, "has expired on", true},
		{"its last one is valid", old + good, "", false},
		{"soon", certificate(t, -9, 5), "expires on", false},
		{"not yet", certificate(t, 2, 9), "is valid from", true},
		{"no PEM", "hello", "holds no PEM certificate", true},
		{"broken", "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n", "x509", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			own, copied := t.TempDir(), t.TempDir()
			for _, dir := range []string{own, copied} {
				if err := os.WriteFile(filepath.Join(dir, "ca.crt"), []byte(c.data), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got := authorities(time.Now(), own, copied, "", filepath.Join(own, "none"))
			switch {
			case c.want == "" && len(got) == 0:
			case len(got) != 1 || !strings.Contains(got[0].Text, c.want) || got[0].Blocks != c.blocks || got[0].Hint == "":
				t.Errorf("got %+v, want %q, blocks %v", got, c.want, c.blocks)
			}
		})
	}
}

func TestFrontDoorThatSpeaksTLSItself(t *testing.T) {
	srv := httptest.NewTLSServer(http.NotFoundHandler())
	defer srv.Close()
	host, port, _ := strings.Cut(srv.Listener.Addr().String(), ":")
	s, err := site.At(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	published := release.Model{Ports: []release.Port{{Service: "nginx", HostIP: host, Published: port, Target: 443}}}
	for _, c := range []struct {
		name, url, want string
		model           release.Model
		now             time.Time
	}{
		{"valid", "https://example.com", "", published, time.Now()},
		{"another name", "https://sentry.example.org", "is not for sentry.example.org", published, time.Now()},
		{"expired", "https://example.com", "has expired", published, time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"a proxy does it", "https://sentry.example.org", "", release.Model{Ports: []release.Port{{Service: "nginx", Published: port, Target: 80}}}, time.Now()},
		{"no TLS is asked for", "http://sentry.example.org", "", published, time.Now()},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := certificateChecks(t.Context(), s, config.Answers{URL: c.url}, c.model, c.now)
			if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || !got[0].Blocks || !strings.Contains(got[0].Text, c.want)) {
				t.Errorf("got %+v, want %q", got, c.want)
			}
		})
	}
}

// What a hop's first step would refuse is told before: lines between our marks
// that somebody has edited.
func TestEditedLinesOfOursAreSeenBefore(t *testing.T) {
	s, err := site.At(filepath.Join(t.TempDir(), "site"))
	if err == nil {
		err = s.Create()
	}
	if err != nil {
		t.Fatal(err)
	}
	put := func(dir, name, text string) {
		t.Helper()
		if err := site.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	from, to := calver.MustParse("25.5.1"), calver.MustParse("25.10.0")
	for _, dir := range []string{s.ReleaseDir(from), s.ReleaseDir(to), s.Dir} {
		put(dir, "sentry/sentry.conf.example.py", "A = 1\n")
		put(dir, "sentry/config.example.yml", "system.secret-key: '!!changeme!!'\n")
		put(dir, ".env", "SENTRY_BIND=9000\n")
	}
	put(s.Dir, "sentry/config.yml", "system.secret-key: abc\n")
	rec := site.Record{State: site.Installed, Version: from, Project: "x"}
	if err := rec.Answers.Encode(config.Answers{URL: "https://sentry.example.com"}); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteRecord(rec); err != nil {
		t.Fatal(err)
	}
	c, err := openConfig(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	files, err := c.renderFor(from, c.pristine(), c.disk())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		put(s.Dir, f.Path, string(f.Data))
	}
	ask := func() gate.Hop {
		t.Helper()
		h := &hopsLooked{site: s, config: c}
		if h.base, err = c.releaseTree(from, s.ReleaseDir(from)); err != nil {
			t.Fatal(err)
		}
		if _, err := h.hop(t.Context(), to, s.ReleaseDir(to)); err != nil {
			t.Fatal(err)
		}
		return h.hops[0]
	}
	if got := ask(); got.Config != "" || len(got.Conflicts) > 0 {
		t.Errorf("nothing was edited, and it says %q, %v", got.Config, got.Conflicts)
	}
	conf := s.Path("sentry", "sentry.conf.py")
	data, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	put(s.Dir, "sentry/sentry.conf.py", strings.Replace(string(data), "https://sentry.example.com", "https://mine.example.com", 1))
	if got := ask(); !strings.Contains(got.Config, "sentry.conf.py") {
		t.Errorf("got %q", got.Config)
	}
	if now, err := os.ReadFile(conf); err != nil || !strings.Contains(string(now), "mine.example.com") {
		t.Errorf("asking changed the site: %v\n%s", err, now)
	}
	const cache = "\nCACHES = {'default': {'BACKEND': 'django.core.cache.backends.memcached.MemcachedCache', 'OPTIONS': {'server_max_value_length': 1, 'more': 2}}}\n"
	put(s.Dir, "sentry/sentry.conf.py", string(data)+cache)
	if got := ask(); !strings.Contains(got.Config, "CACHES is written in a way that cannot be edited safely") {
		t.Errorf("what the release demands cannot be written, and it says %q", got.Config)
	}
}

func TestSizesOfVolumesAreKnownOrNot(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a": "123", "b/c": "45"} {
		if err := site.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	later := time.Now().Add(time.Hour)
	for _, c := range []struct {
		name, dir string
		until     time.Time
		want      int64
	}{
		{"all was seen", dir, later, 5},
		{"there was no time", dir, time.Now().Add(-time.Second), -1},
		{"it is on another machine", filepath.Join(dir, "none"), later, -1},
	} {
		if got := treeBytes(c.dir, c.until); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

func TestPendingMigrations(t *testing.T) {
	for out, want := range map[string]struct {
		left  []string
		named bool
	}{
		"events\n[X]  0001_initial\n[ ]  0002_more\n[-]  0003_runs\n": {[]string{"snuba-api 0002_more", "snuba-api 0003_runs"}, true},
		"[X]  0001_initial\n":        {nil, true},
		"":                           {nil, false},
		"Traceback: no such group\n": {nil, false},
	} {
		left, named := pending("snuba-api", out)
		if !slices.Equal(left, want.left) || named != want.named {
			t.Errorf("%q: got %q, %v", out, left, named)
		}
	}
}
