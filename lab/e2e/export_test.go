package e2e

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/lab/labtest"
)

// What an export took out comes back by an import, plain and sealed, and any
// other command of sentry is at hand.
func exportAndImport(t *testing.T, s *labtest.Site) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	on := func(args ...string) []string { return append(args, "--site", s.Dir) }
	if out, code := sentryAdmin(t, s, "createuser", "--email", "ann@example.com", "--password", "a long one", "--superuser"); code != 0 || out != "User created: ann@example.com\n" {
		t.Fatalf("createuser: exit code %d, %q", code, out)
	}
	sentryctl(t, s, on("export", "users", "--filter", "ann@example.com", "--out", at("ann.json"))...).exits(0)
	text, err := os.ReadFile(at("ann.json"))
	if err != nil || !strings.Contains(string(text), "ann@example.com") {
		t.Fatalf("export: %v\n%s", err, text)
	}
	if st, err := os.Stat(at("ann.json")); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
	keyPair(t, at("public.pem"), at("private.pem"))
	sentryctl(t, s, on("export", "global", "--encrypt-with", at("public.pem"), "--out", at("all.tar"))...).exits(0)
	sealed, err := os.ReadFile(at("all.tar"))
	if err != nil || strings.Contains(string(sealed), "example.com") {
		t.Errorf("the sealed export can be read, or not at all: %v", err)
	}
	sentryctl(t, s, on("import", "users", at("ann.json"), "--merge-users")...).exits(0)
	sentryctl(t, s, on("import", "global", at("all.tar"), "--yes")...).exits(64)
	sentryctl(t, s, on("import", "global", at("all.tar"), "--yes", "--decrypt-with", at("private.pem"))...).exits(0)
	if out, code := sentryAdmin(t, s, "createuser", "--email", "nobody", "--password", "x", "--superuser"); code != 1 {
		t.Errorf("a user without an address: exit code %d, %q", code, out)
	}
	if left, err := filepath.Glob(filepath.Join(s.Dir, "sentry", "*.json")); err != nil || len(left) > 0 {
		t.Errorf("left in the site: %v, %v", left, err)
	}
}

// sentryAdmin runs a command of sentry's own, whose output is no JSON.
func sentryAdmin(t *testing.T, s *labtest.Site, args ...string) (stdout string, code int) {
	t.Helper()
	cmd := exec.Command(labtest.Binary(t), append([]string{"admin", "--site", s.Dir}, args...)...)
	cmd.Env = s.Env()
	out, err := cmd.Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return string(out), exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(out), 0
}

// keyPair writes a pair of RSA keys.
func keyPair(t *testing.T, public, private string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{
		public: {Type: "PUBLIC KEY", Bytes: pub}, private: {Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)},
	} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
