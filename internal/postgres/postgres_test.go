package postgres

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// server has said already what it will say, and keeps what it hears.
type server struct {
	io.Reader
	heard bytes.Buffer
}

func (s *server) Write(p []byte) (int, error) { return s.heard.Write(p) }

const (
	welcome = "R\x00\x00\x00\x08\x00\x00\x00\x00" + "S\x00\x00\x00\x09a\x00bc\x00" + ready
	ready   = "Z\x00\x00\x00\x05I"
	row     = "T\x00\x00\x00\x06\x00\x01" + "D\x00\x00\x00\x0c\x00\x01\x00\x00\x00\x0242"
	null    = "D\x00\x00\x00\x0a\x00\x01\xff\xff\xff\xff"
	refused = "E\x00\x00\x00\x09SERR\x00"
)

func TestAsk(t *testing.T) {
	for name, c := range map[string]struct {
		said  string
		want  map[string]string
		error string
	}{
		"both answer":             {welcome + row + ready + row + ready, map[string]string{"a": "42", "b": "42"}, ""},
		"one fails":               {welcome + refused + ready + row + ready, map[string]string{"b": "42"}, ""},
		"one fails after a row":   {welcome + row + refused + ready + row + ready, map[string]string{"b": "42"}, ""},
		"nothing and NULL":        {welcome + ready + null + ready, map[string]string{}, ""},
		"a row cut off":           {welcome + "D\x00\x00\x00\x0a\x00\x01\x00\x00\x00\x09" + ready + ready, map[string]string{}, ""},
		"a password":              {"R\x00\x00\x00\x08\x00\x00\x00\x03", nil, "password"},
		"refused":                 {refused, nil, "EOF"},
		"gone in the middle":      {welcome + row, nil, "EOF"},
		"another protocol":        {"HTTP/1.1 400 Bad Request", nil, "bytes at once"},
		"shorter than its length": {"R\x00\x00\x00\x03", nil, "bytes at once"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &server{Reader: strings.NewReader(c.said)}
			got, err := Ask(s, "postgres", map[string]string{"a": "SELECT 1", "b": "SELECT 2"})
			if (err == nil) != (c.error == "") || err != nil && !strings.Contains(err.Error(), c.error) {
				t.Errorf("error %v, want %q", err, c.error)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
		})
	}
}

func TestWhatIsSaid(t *testing.T) {
	s := &server{Reader: strings.NewReader(welcome + row + ready)}
	if _, err := Ask(s, "postgres", map[string]string{"a": "SELECT 1"}); err != nil {
		t.Fatal(err)
	}
	want := "\x00\x00\x00\x5d\x00\x03\x00\x00user\x00postgres\x00options\x00" + Options + "\x00\x00" +
		"Q\x00\x00\x00\x0dSELECT 1\x00" + "X\x00\x00\x00\x04"
	if d := cmp.Diff(want, s.heard.String()); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}
