package helper

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wrap does what the storage does to a key that it keeps.
func wrap(t *testing.T, key, passphrase, salt []byte, before ...byte) string {
	t.Helper()
	wrapping, err := hkdf.Key(sha256.New, passphrase, salt, wrapReason, keyBytes)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(wrapping)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	nonce := bytes.Repeat([]byte{7}, nonceBytes)
	return base64.StdEncoding.EncodeToString(gcm.Seal(append(before, nonce...), nonce, key, nil))
}

func TestMoveKey(t *testing.T) {
	key := bytes.Repeat([]byte{0xab}, keyBytes)
	want, salt := hex.EncodeToString(key), bytes.Repeat([]byte{3}, saltBytes)
	cases := []struct{ name, stored, passphrase, present, err string }{
		{"plain", want + "\n", "", "", ""},
		{"plain in capitals", strings.ToUpper(want), "", "", ""},
		{"there already", want, "", want, ""},
		{"another is there", want, "", "other", ""},
		{"wrapped of old", wrap(t, key, []byte("open"), []byte(wrapSalt)), "open\n", "", ""},
		{"wrapped", wrap(t, key, []byte("open"), salt, append([]byte(wrapMagic), salt...)...), "open", "", ""},
		{"no passphrase", wrap(t, key, []byte("open"), []byte(wrapSalt)), "", "", "there is no"},
		{"wrong passphrase", wrap(t, key, []byte("open"), []byte(wrapSalt)), "shut", "keep", "does not open"},
		{"short", wrap(t, key[:16], []byte("open"), []byte(wrapSalt)), "open", "", "16 bytes"},
		{"nonsense", "!!", "open", "", "neither"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range map[string]string{StoredKey: c.stored, miniPassphrase: c.passphrase, miniKey: c.present} {
				if text == "" {
					continue
				}
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 { // the second time there is nothing to do, or the same failure
				err := MoveKey(dir)
				if c.err != "" {
					if err == nil || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), c.stored) {
						t.Errorf("got %v, want %q", err, c.err)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			got, _ := os.ReadFile(filepath.Join(dir, miniKey))
			if c.err != "" {
				if string(got) != c.present {
					t.Error("a key was changed by what failed")
				}
				return
			}
			if string(got) != want {
				t.Error("the key is another")
			}
			if _, err := os.Stat(filepath.Join(dir, StoredKey)); err == nil {
				t.Error("the stored key was left")
			}
			if before, _ := os.ReadFile(filepath.Join(dir, miniKeyBefore)); (string(before) == "other") != (c.present == "other") {
				t.Errorf("kept of the former key: %q", before)
			}
		})
	}
}
