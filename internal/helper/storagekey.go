package helper

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// Files of an object storage's data directory. The key that `weed server` kept
// in its filer was read into StoredKey; `weed mini` reads its own from miniKey.
// The mark is the one that upstream's installer leaves.
const (
	StoredKey      = ".sentryctl-stored-key"
	KeyMoved       = ".sentry-seaweedfs-kek-migrated"
	miniKey        = ".mini_sse_kek"
	miniKeyBefore  = ".mini_sse_kek.pre-migration"
	miniPassphrase = ".mini_kek_passphrase"
)

// MoveKey writes the key that objects were encrypted with where `weed mini`
// looks for it. Without a StoredKey there is nothing to do. No error quotes a
// key.
func MoveKey(dir string) error {
	stored, err := os.ReadFile(filepath.Join(dir, StoredKey))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the filer's key: %w", err)
	}
	passphrase, err := os.ReadFile(filepath.Join(dir, miniPassphrase))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the passphrase: %w", err)
	}
	key, err := plainKey(stored, passphrase)
	if err != nil {
		return fault.New(fault.Integrity, "Nothing was changed; keep the volume and report this", "the object storage's key cannot be moved: %w", err)
	}
	if err := placeKey(dir, key); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, KeyMoved), nil, 0o600); err != nil {
		return fmt.Errorf("mark the key as moved: %w", err)
	}
	return os.Remove(filepath.Join(dir, StoredKey))
}

func placeKey(dir string, key []byte) error {
	path, before := filepath.Join(dir, miniKey), filepath.Join(dir, miniKeyBefore)
	have, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(bytes.TrimSpace(have), key):
		return nil
	case err == nil:
		if _, err := os.Lstat(before); errors.Is(err, fs.ErrNotExist) {
			if err := os.WriteFile(before, have, 0o600); err != nil {
				return fmt.Errorf("keep the former key: %w", err)
			}
		}
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("read the present key: %w", err)
	}
	fresh := path + ".new"
	if err := os.WriteFile(fresh, key, 0o600); err != nil {
		return fmt.Errorf("write the key: %w", err)
	}
	if err := os.Rename(fresh, path); err != nil {
		return fmt.Errorf("write the key: %w", err)
	}
	return nil
}

const (
	keyBytes   = 32
	saltBytes  = 32
	nonceBytes = 12
	// SeaweedFS wraps the key with AES-GCM, under a key derived from a passphrase.
	wrapMagic  = "SWv2"
	wrapSalt   = "seaweedfs-sse-s3-kek-wrapping-v1"
	wrapReason = "kek-wrapping"
)

// plainKey gives the key as 64 hexadecimal digits: it is stored so, or wrapped.
func plainKey(stored, passphrase []byte) ([]byte, error) {
	stored, passphrase = bytes.TrimSpace(stored), bytes.TrimSpace(passphrase)
	if raw, err := hex.DecodeString(string(stored)); err == nil && len(raw) == keyBytes {
		return bytes.ToLower(stored), nil
	}
	if len(passphrase) == 0 {
		return nil, errors.New("it is wrapped, and there is no " + miniPassphrase)
	}
	wrapped, err := base64.StdEncoding.DecodeString(string(stored))
	if err != nil {
		return nil, errors.New("it is neither hexadecimal nor base64")
	}
	salt := []byte(wrapSalt)
	if rest, is := bytes.CutPrefix(wrapped, []byte(wrapMagic)); is && len(rest) > saltBytes {
		salt, wrapped = rest[:saltBytes], rest[saltBytes:]
	}
	if len(wrapped) <= nonceBytes {
		return nil, errors.New("it is cut short")
	}
	wrapping, err := hkdf.Key(sha256.New, passphrase, salt, wrapReason, keyBytes)
	if err != nil {
		return nil, errors.New("its passphrase cannot be used")
	}
	block, err := aes.NewCipher(wrapping)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	key, err := gcm.Open(nil, wrapped[:nonceBytes], wrapped[nonceBytes:], nil)
	if err != nil {
		return nil, errors.New("its passphrase does not open it")
	}
	if len(key) != keyBytes {
		return nil, fmt.Errorf("it has %d bytes and not %d", len(key), keyBytes)
	}
	return []byte(hex.EncodeToString(key)), nil
}
