package transfer

import (
	"bytes"
	"crypto/aes"
	"encoding/base64"
	"io"
	"strings"
	"testing"
	"time"
)

// The token of the format's public description: key, time, IV and text are
// given, and so is what they come to.
const (
	publishedKey   = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="
	publishedToken = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA=="
)

func TestPublishedToken(t *testing.T) {
	k, err := parseFernetKey([]byte(publishedKey))
	if err != nil {
		t.Fatal(err)
	}
	var iv [aes.BlockSize]byte
	for i := range iv {
		iv[i] = byte(i)
	}
	var token bytes.Buffer
	s, err := newSealer(&token, k, time.Unix(499162800, 0), iv)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(s, "hel")
	io.WriteString(s, "lo")
	if err := s.Close(); err != nil || token.String() != publishedToken {
		t.Errorf("got %s and %v", &token, err)
	}
	if got, err := unseal(publishedToken, k); err != nil || got != "hello" {
		t.Errorf("got %q and %v", got, err)
	}
}

func unseal(token string, k fernetKey) (string, error) {
	size, err := verifyToken(strings.NewReader(token), k)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = openToken(&out, strings.NewReader(token), k, size)
	return out.String(), err
}

func TestTokensOfAllLengths(t *testing.T) {
	k := newFernetKey()
	for _, n := range []int{0, 1, 15, 16, 17, 4096, 1<<16 - 1, 1 << 16, 1<<17 + 5} {
		want := strings.Repeat("x", n)
		var token bytes.Buffer
		s, err := newSealer(&token, k, time.Now(), [aes.BlockSize]byte{})
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(s, want)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if got, err := unseal(token.String(), k); err != nil || got != want {
			t.Errorf("%d bytes: got %d and %v", n, len(got), err)
		}
	}
}

func TestTamperedTokens(t *testing.T) {
	k, err := parseFernetKey([]byte(publishedKey))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.URLEncoding.DecodeString(publishedToken)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		changed := bytes.Clone(raw)
		changed[i] ^= 1
		if _, err := unseal(base64.URLEncoding.EncodeToString(changed), k); err == nil {
			t.Errorf("byte %d may be changed", i)
		}
		if _, err := unseal(base64.URLEncoding.EncodeToString(raw[:i]), k); err == nil {
			t.Errorf("it may end after byte %d", i)
		}
	}
}
