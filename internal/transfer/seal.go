package transfer

import (
	"archive/tar"
	"crypto/aes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// A sealed export is a tar archive of three members, as sentry export
// --encrypt-with makes it: the data under a key of its own, that key under the
// public key, and the public key.
const (
	memberData = "export.json"
	memberKey  = "data.key"
	memberPub  = "key.pub"
)

const minKeyBits = 2048

// PublicKey is what exports are sealed with.
type PublicKey struct {
	pem []byte
	rsa *rsa.PublicKey
}

// ReadPublicKey reads an RSA key in PEM form.
func ReadPublicKey(path string) (*PublicKey, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New(fault.Usage, "Name a public key in PEM form with --encrypt-with", "read the public key: %w", err)
	}
	key, err := parsePublicKey(data)
	if err != nil {
		return nil, fault.New(fault.Usage, "Make one: openssl genrsa -out private.pem 2048 && openssl rsa -in private.pem -pubout -out public.pem",
			"%s is no public RSA key of %d bits or more in PEM form: %w", path, minKeyBits, err)
	}
	return &PublicKey{pem: data, rsa: key}, nil
}

func parsePublicKey(data []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, errors.New("no public key inside")
	}
	key, is := parsed.(*rsa.PublicKey)
	if !is || key.N.BitLen() < minKeyBits {
		return nil, errors.New("another kind of key, or too short")
	}
	return key, nil
}

// readPrivateKey reads an RSA key in PEM form without a passphrase.
func readPrivateKey(path string) (*rsa.PrivateKey, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New(fault.Usage, "Name the private key in PEM form with --decrypt-with", "read the private key: %w", err)
	}
	if block, _ := pem.Decode(data); block != nil {
		if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
			return key, nil
		}
		parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if key, is := parsed.(*rsa.PrivateKey); err == nil && is {
			return key, nil
		}
	}
	return nil, fault.New(fault.Usage, "Remove a passphrase with: openssl rsa -in private.pem -out plain.pem", "%s is no private RSA key in PEM form", path)
}

// vault seals what is written to it. Only sealed bytes touch the disk.
type vault struct {
	*sealer
	pub   *PublicKey
	key   fernetKey
	token *os.File
	now   time.Time
}

func newVault(dir string, pub *PublicKey, now time.Time) (*vault, error) {
	token, err := os.CreateTemp(dir, ".sentryctl-export-*")
	if err != nil {
		return nil, err
	}
	var iv [aes.BlockSize]byte
	rand.Read(iv[:]) // never fails
	v := &vault{pub: pub, key: newFernetKey(), token: token, now: now}
	if v.sealer, err = newSealer(token, v.key, now, iv); err != nil {
		v.remove()
		return nil, err
	}
	return v, nil
}

func (v *vault) remove() {
	v.token.Close()
	os.Remove(v.token.Name())
}

// pack ends the sealing and writes the archive.
func (v *vault) pack(to io.Writer) error {
	if err := v.sealer.Close(); err != nil {
		return err
	}
	size, err := v.token.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err := v.token.Seek(0, io.SeekStart); err != nil {
		return err
	}
	sealed, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, v.pub.rsa, v.key.text(), nil)
	if err != nil {
		return fmt.Errorf("seal the data key: %w", err)
	}
	w := tar.NewWriter(to)
	if err := v.member(w, memberData, size, v.token); err != nil {
		return err
	}
	if err := v.memberBytes(w, memberKey, sealed); err != nil {
		return err
	}
	if err := v.memberBytes(w, memberPub, v.pub.pem); err != nil {
		return err
	}
	return w.Close()
}

func (v *vault) memberBytes(w *tar.Writer, name string, data []byte) error {
	if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(data)), Mode: 0o600, ModTime: v.now}); err != nil {
		return err
	}
	_, err := w.Write(data)
	return err
}

func (v *vault) member(w *tar.Writer, name string, size int64, from io.Reader) error {
	if err := w.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, ModTime: v.now}); err != nil {
		return err
	}
	_, err := io.Copy(w, from)
	return err
}
