package backup

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sentryctl/sentryctl/internal/site"
)

// NewestGoodDrill reads the reports of drills whose signature is by the site's
// key. Found is false when none of them is good; forged counts those whose
// signature does not match.
func NewestGoodDrill(s *site.Site) (d Drilled, found bool, forged int, err error) {
	paths, err := filepath.Glob(s.Own("backup", "drills", "*.json"))
	if err != nil || len(paths) == 0 {
		return d, false, 0, err
	}
	if _, err := os.Stat(drillKeyPath(s)); errors.Is(err, fs.ErrNotExist) {
		return d, false, len(paths), nil // nobody here has signed them
	}
	key, err := drillKey(s)
	if err != nil {
		return d, false, 0, err
	}
	for _, path := range paths {
		got, genuine, err := readDrill(path, key.Public().(ed25519.PublicKey))
		if err != nil {
			return d, false, forged, err
		}
		switch {
		case !genuine:
			forged++
		case got.Good && (!found || got.Begun.After(d.Begun)):
			d, found = got, true
		}
	}
	return d, found, forged, nil
}

func readDrill(path string, key ed25519.PublicKey) (d Drilled, genuine bool, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return d, false, fmt.Errorf("read the report of a drill: %w", err)
	}
	text, err := os.ReadFile(path + ".sig")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return d, false, fmt.Errorf("read the signature of a drill: %w", err)
	}
	signature, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || !ed25519.Verify(key, data, signature) || json.Unmarshal(data, &d) != nil {
		return d, false, nil
	}
	return d, true, nil
}
