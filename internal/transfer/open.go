package transfer

import (
	"archive/tar"
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// smallMember bounds the members that hold keys.
const smallMember = 64 << 10

// source is an export file. A sealed one is decrypted here: the private key
// reaches no container.
type source struct {
	file   *os.File
	sealed bool
	key    fernetKey
	size   int64
}

// openSource opens an export file; keyPath is "" for none.
func openSource(path, keyPath string) (*source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.New(fault.Usage, "Name a file that sentryctl export has written", "open the export: %w", err)
	}
	s := &source{file: f}
	if err := s.look(path, keyPath); err != nil {
		f.Close()
		return nil, err
	}
	return s, nil
}

func (s *source) Close() error { return s.file.Close() }

func (s *source) look(path, keyPath string) error {
	head := make([]byte, 512)
	n, _ := io.ReadFull(s.file, head)
	s.sealed = sealedHead(head[:n])
	switch {
	case s.sealed && keyPath == "":
		return fault.New(fault.Usage, "Give the private key with --decrypt-with", "%s is encrypted", path)
	case !s.sealed && keyPath != "":
		return fault.New(fault.Usage, "Leave out --decrypt-with", "%s is not encrypted", path)
	case s.sealed:
		return s.unlock(path, keyPath)
	}
	return nil
}

func sealedHead(head []byte) bool {
	for _, name := range []string{memberData, memberKey, memberPub} {
		if bytes.HasPrefix(head, []byte(name+"\x00")) {
			return true
		}
	}
	return false
}

// unlock opens the data key and checks the signature over all of the data.
func (s *source) unlock(path, keyPath string) error {
	private, err := readPrivateKey(keyPath)
	if err != nil {
		return err
	}
	if s.key, err = s.dataKey(private); err == nil {
		err = s.member(memberData, func(r io.Reader) (err error) {
			s.size, err = verifyToken(r, s.key)
			return err
		})
	}
	if err != nil {
		return fault.New(fault.Integrity, "Take the private key that belongs to the public key inside: tar -xOf "+path+" "+memberPub,
			"%s cannot be opened: %w", path, err)
	}
	return nil
}

func (s *source) dataKey(private *rsa.PrivateKey) (key fernetKey, err error) {
	var sealed []byte
	if err := s.member(memberKey, func(r io.Reader) (err error) {
		sealed, err = io.ReadAll(io.LimitReader(r, smallMember))
		return err
	}); err != nil {
		return key, err
	}
	text, err := rsa.DecryptOAEP(sha256.New(), nil, private, sealed, nil)
	if err != nil {
		return key, errors.New("this private key does not open it")
	}
	return parseFernetKey(text)
}

// member reads one member of the archive, from its beginning.
func (s *source) member(name string, read func(io.Reader) error) error {
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	for r := tar.NewReader(s.file); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%s is missing inside", name)
		}
		if err != nil {
			return err
		}
		if h.Name == name {
			return read(r)
		}
	}
}

// writeTo gives the JSON.
func (s *source) writeTo(to io.Writer) error {
	if s.sealed {
		return s.member(memberData, func(r io.Reader) error { return openToken(to, r, s.key, s.size) })
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(to, s.file)
	return err
}
