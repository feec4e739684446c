package transfer

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash"
	"io"
	"time"
)

// Fernet is the public token format that Sentry seals exports with: version,
// time, IV, AES-128-CBC, HMAC-SHA256 over all of it, in URL-safe base64.
const (
	fernetVersion = 0x80
	fernetHead    = 1 + 8 + aes.BlockSize
	fernetKeySize = 32
)

var errToken = errors.New("the sealed data was changed, or the key is another one's")

// fernetKey is the signing half and the encrypting half.
type fernetKey [fernetKeySize]byte

func newFernetKey() (k fernetKey) {
	rand.Read(k[:]) // never fails
	return k
}

func (k fernetKey) text() []byte {
	return []byte(base64.URLEncoding.EncodeToString(k[:]))
}

func parseFernetKey(text []byte) (k fernetKey, err error) {
	raw, err := base64.URLEncoding.DecodeString(string(text))
	if err != nil || len(raw) != fernetKeySize {
		return k, errors.New("the data key has another form")
	}
	return fernetKey(raw), nil
}

// sealer writes one token; Close ends it.
type sealer struct {
	out  io.WriteCloser // base64
	mac  hash.Hash
	cbc  cipher.BlockMode
	rest []byte
}

func newSealer(to io.Writer, k fernetKey, now time.Time, iv [aes.BlockSize]byte) (*sealer, error) {
	block, err := aes.NewCipher(k[16:])
	if err != nil {
		return nil, err
	}
	s := &sealer{out: base64.NewEncoder(base64.URLEncoding, to), mac: hmac.New(sha256.New, k[:16]), cbc: cipher.NewCBCEncrypter(block, iv[:])}
	head := binary.BigEndian.AppendUint64([]byte{fernetVersion}, uint64(now.Unix()))
	return s, s.emit(append(head, iv[:]...))
}

func (s *sealer) emit(b []byte) error {
	s.mac.Write(b)
	_, err := s.out.Write(b)
	return err
}

func (s *sealer) Write(p []byte) (int, error) {
	s.rest = append(s.rest, p...)
	whole := len(s.rest) / aes.BlockSize * aes.BlockSize
	s.cbc.CryptBlocks(s.rest[:whole], s.rest[:whole])
	if err := s.emit(s.rest[:whole]); err != nil {
		return 0, err
	}
	s.rest = append(s.rest[:0], s.rest[whole:]...)
	return len(p), nil
}

func (s *sealer) Close() error {
	pad := aes.BlockSize - len(s.rest)
	for range pad {
		s.rest = append(s.rest, byte(pad))
	}
	s.cbc.CryptBlocks(s.rest, s.rest)
	if err := s.emit(s.rest); err != nil {
		return err
	}
	if _, err := s.out.Write(s.mac.Sum(nil)); err != nil {
		return err
	}
	return s.out.Close()
}

// verifyToken reads a whole token and checks its signature. It returns the
// size of the encrypted part.
func verifyToken(token io.Reader, k fernetKey) (int64, error) {
	mac := hmac.New(sha256.New, k[:16])
	behind := &holdBack{to: mac, keep: sha256.Size}
	n, err := io.Copy(behind, base64.NewDecoder(base64.URLEncoding, token))
	size := n - fernetHead - sha256.Size
	if err != nil || size < aes.BlockSize || size%aes.BlockSize != 0 || !hmac.Equal(behind.held, mac.Sum(nil)) {
		return 0, errors.Join(errToken, err)
	}
	return size, nil
}

// holdBack passes on all but the last bytes.
type holdBack struct {
	to   io.Writer
	keep int
	held []byte
}

func (h *holdBack) Write(p []byte) (int, error) {
	h.held = append(h.held, p...)
	if over := len(h.held) - h.keep; over > 0 {
		if _, err := h.to.Write(h.held[:over]); err != nil {
			return 0, err
		}
		h.held = append(h.held[:0], h.held[over:]...)
	}
	return len(p), nil
}

// openToken decrypts a token whose signature was checked.
func openToken(to io.Writer, token io.Reader, k fernetKey, size int64) error {
	raw := base64.NewDecoder(base64.URLEncoding, token)
	var head [fernetHead]byte
	if _, err := io.ReadFull(raw, head[:]); err != nil || head[0] != fernetVersion {
		return errors.Join(errToken, err)
	}
	block, err := aes.NewCipher(k[16:])
	if err != nil {
		return err
	}
	cbc := cipher.NewCBCDecrypter(block, head[9:])
	for buf := make([]byte, 1<<16); size > 0; {
		part := buf[:min(size, int64(len(buf)))]
		if _, err := io.ReadFull(raw, part); err != nil {
			return errors.Join(errToken, err)
		}
		cbc.CryptBlocks(part, part)
		if size -= int64(len(part)); size == 0 {
			pad := int(part[len(part)-1])
			if pad < 1 || pad > aes.BlockSize {
				return errToken
			}
			part = part[:len(part)-pad]
		}
		if _, err := to.Write(part); err != nil {
			return err
		}
	}
	return nil
}
