package backup

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

// Text is the report for people.
func (d Drilled) Text() string {
	var b strings.Builder
	verdict := "GOOD: the backup came back."
	if !d.Good {
		verdict = "BAD: the backup did not come back as it was."
	}
	fmt.Fprintf(&b, "Restore drill of %s\n\nBackup:   %s of Sentry %s\nBegun:    %s\nTook:     %s (%s to write %d MiB, %s until the services were ready)\n\n",
		d.Site, d.Backup, d.Version, d.Begun.Format(time.RFC3339), d.Took.Round(time.Second), d.Filled.Round(time.Second), d.Bytes>>20, d.Started.Round(time.Second))
	for _, c := range d.Checks {
		mark := "ok "
		if !c.Good {
			mark = "BAD"
		}
		fmt.Fprintf(&b, "%s  %-13s expected %s, found %s\n", mark, c.Name, c.Want, c.Got)
	}
	if d.Problem != "" {
		fmt.Fprintf(&b, "BAD  %s\n", d.Problem)
	}
	return b.String() + "\n" + verdict + "\n"
}

// SaveDrill writes the report, for programs and for people, each with a
// signature by the site's key, and gives the path of the one for programs.
func SaveDrill(s *site.Site, d Drilled) (string, error) {
	key, err := drillKey(s)
	if err != nil {
		return "", err
	}
	data, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return "", fmt.Errorf("encode the report: %w", err)
	}
	base := s.Own("backup", "drills", d.Begun.Format("20060102T150405Z")+"-"+d.Backup)
	for ext, text := range map[string][]byte{".json": append(data, '\n'), ".txt": []byte(d.Text())} {
		if err := site.WriteFile(base+ext, text, 0o600); err != nil {
			return "", err
		}
		signature := base64.StdEncoding.EncodeToString(ed25519.Sign(key, text)) + "\n"
		if err := site.WriteFile(base+ext+".sig", []byte(signature), 0o600); err != nil {
			return "", err
		}
	}
	return base + ".json", nil
}

func drillKeyPath(s *site.Site) string { return s.Own("backup", "drill-key.pem") }

// drillKey is the site's ed25519 key for reports, made at the first drill.
// Its public half stands beside the reports.
func drillKey(s *site.Site) (ed25519.PrivateKey, error) {
	path := drillKeyPath(s)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newDrillKey(s, path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the key of drill reports: %w", err)
	}
	if block, _ := pem.Decode(data); block != nil {
		if parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			if key, is := parsed.(ed25519.PrivateKey); is {
				return key, nil
			}
		}
	}
	return nil, fault.New(fault.Other, "Move it away; the next drill makes a new one", "%s holds no ed25519 key", path)
}

func newDrillKey(s *site.Site, path string) (ed25519.PrivateKey, error) {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key for drill reports: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("make a key for drill reports: %w", err)
	}
	shown, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("make a key for drill reports: %w", err)
	}
	if err := site.WriteFile(s.Own("backup", "drills", "public.pem"), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: shown}), 0o600); err != nil {
		return nil, err
	}
	return key, site.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600)
}
