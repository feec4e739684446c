package support

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

func testProc(env map[string]string, args ...string) *proc.Proc {
	return &proc.Proc{Role: "test", Args: args, Stdout: &bytes.Buffer{}, Stderr: io.Discard, Getenv: func(k string) string { return env[k] }}
}

func TestGeoIPUpdate(t *testing.T) {
	cases := map[string]struct {
		conf string
		env  map[string]string
		want string // "" for success
	}{
		"an account":            {"# MaxMind\nAccountID 1234\nLicenseKey abc\nEditionIDs GeoLite2-City\n", nil, ""},
		"the old names":         {"UserId 1234\nLicenseKey abc\nProductIds GeoLite2-City\n", nil, ""},
		"from the environment":  {"EditionIDs GeoLite2-City\n", map[string]string{"GEOIPUPDATE_ACCOUNT_ID": "1", "GEOIPUPDATE_LICENSE_KEY": "k"}, ""},
		"the sample's zeros":    {"AccountID 0\nLicenseKey 000000000000\nEditionIDs GeoLite2-City\n", nil, "401"},
		"no account":            {"EditionIDs GeoLite2-City\n", nil, "AccountID"},
		"no edition":            {"AccountID 1\nLicenseKey k\n", nil, "EditionIDs"},
		"edition with a folder": {"AccountID 1\nLicenseKey k\nEditionIDs ../x/GeoLite2-City\n", nil, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			conf := filepath.Join(dir, "GeoIP.conf")
			if err := os.WriteFile(conf, []byte(c.conf), 0o600); err != nil {
				t.Fatal(err)
			}
			err := GeoIPUpdate(t.Context(), testProc(c.env, "-d", dir, "-f", conf))
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			data, readErr := os.ReadFile(filepath.Join(dir, "GeoLite2-City.mmdb"))
			if wrote := readErr == nil; wrote != (c.want == "") || wrote && !bytes.Contains(data, []byte("MaxMind.com")) {
				t.Errorf("database: %v", readErr)
			}
		})
	}
}

func TestMailIsKept(t *testing.T) {
	dir := t.TempDir()
	ours, theirs := net.Pipe()
	go func() {
		defer theirs.Close()
		s := newSession(theirs, dir)
		s.talk() //nolint:errcheck // the client sees it
	}()
	c, err := smtp.NewClient(ours, "smtp")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Mail("a@example.com"); err != nil {
		t.Fatal(err)
	}
	if err := c.Rcpt("b@example.com"); err != nil {
		t.Fatal(err)
	}
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, "Subject: x\r\n\r\n.hidden dot\r\n") //nolint:errcheck // Close tells
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Quit(); err != nil {
		t.Fatal(err)
	}
	kept, err := filepath.Glob(filepath.Join(dir, "*-D"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("got %v and %v", kept, err)
	}
	data, err := os.ReadFile(kept[0])
	if err != nil || !strings.Contains(string(data), "b@example.com") || !strings.Contains(string(data), "\n.hidden dot\n") {
		t.Errorf("got %q and %v", data, err)
	}
}

func TestWorkersStayUntilTheyAreTold(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, run := range map[string]proc.Run{"launchpad": Launchpad, "cron": Stay} {
		if err := run(ctx, testProc(nil, "worker", "--verbose")); proc.Code(ctx, err) != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
