package backup_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup"
)

// Each report is signed by the key whose public half stands beside it.
func TestDrillReportsAreSigned(t *testing.T) {
	s := resting(t, "")
	d := backup.Drilled{Site: "s", Backup: "1", Begun: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Good: true,
		Checks: []backup.Check{{Name: "users", Want: "1", Got: "1", Good: true}}}
	path, err := backup.SaveDrill(s, d)
	if err != nil {
		t.Fatal(err)
	}
	d.Begun = d.Begun.Add(time.Hour)
	second, err := backup.SaveDrill(s, d)
	if err != nil {
		t.Fatal(err)
	}
	public := publicKey(t, s.Own("backup", "drills", "public.pem"))
	for _, file := range []string{path, strings.TrimSuffix(path, ".json") + ".txt", second} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := os.ReadFile(file + ".sig")
		if err != nil {
			t.Fatal(err)
		}
		signature, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(encoded)))
		if err != nil || !ed25519.Verify(public, text, signature) {
			t.Errorf("%s: the signature is not good: %v", file, err)
		}
		if ed25519.Verify(public, append(text, 'x'), signature) {
			t.Errorf("%s: the signature is good for another text", file)
		}
	}
	if info, err := os.Stat(s.Own("backup", "drill-key.pem")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v, %v", info, err)
	}
}

func publicKey(t *testing.T, path string) ed25519.PublicKey {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		t.Fatalf("%s is no PEM", path)
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(ed25519.PublicKey)
}
