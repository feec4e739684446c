package capture

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// Hear reads the line that says what to do into v, and returns what follows.
func Hear(in io.Reader, v any) (io.Reader, error) {
	r := bufio.NewReader(in)
	line, err := r.ReadBytes('\n')
	if err != nil {
		return nil, fault.New(fault.Usage, "Read: sentryctl backup --help", "nobody says what to do: %w", err)
	}
	// The parser's error may quote the input.
	if json.Unmarshal(line, v) != nil {
		return nil, errors.New("what to do is not understood")
	}
	return r, nil
}

// Say gives a request as Hear takes it.
func Say(v any) ([]byte, error) {
	line, err := json.Marshal(v)
	return append(line, '\n'), err
}

// Understand reads one line of a helper.
func Understand(line []byte) (Report, error) {
	var r Report
	if err := json.Unmarshal(line, &r); err != nil {
		return r, fmt.Errorf("a helper says %.80q, which is no report: %w", line, err)
	}
	return r, nil
}

// trust lets TLS find certificates in an image that has none. The Go library
// reads them once, at the first connection, from where the variable says.
func trust(roots string) error {
	if roots == "" {
		return nil
	}
	path := filepath.Join(os.TempDir(), "roots.pem")
	if err := os.WriteFile(path, []byte(roots), 0o600); err != nil {
		return fmt.Errorf("keep the certificates to trust: %w", err)
	}
	return os.Setenv("SSL_CERT_FILE", path)
}
