package install

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

const certificatesDir = "certificates"

// trustCertificates copies the admin's CA certificates to where the release's
// containers look for them. Each one is read first: a broken file would stop
// a container later, with a message that nobody understands.
func trustCertificates() Step {
	return Step{
		ID: "trust-certificates", Title: "Trust your CA certificates", Idempotent: true,
		Skip: func(_ context.Context, e *Env) (string, error) {
			if e.CertificatesDir == "" {
				return "no CA directory was given", nil
			}
			return "", nil
		},
		Done: func(_ context.Context, e *Env) (bool, error) {
			certs, err := readCertificates(e.Site, e.CertificatesDir)
			if err != nil {
				return false, err
			}
			for name, data := range certs {
				if !site.SameFile(e.Site.Path(certificatesDir, name), data) {
					return false, nil
				}
			}
			return true, nil
		},
		Run: func(_ context.Context, e *Env) error {
			certs, err := readCertificates(e.Site, e.CertificatesDir)
			if err != nil {
				return err
			}
			for name, data := range certs {
				if err := site.WriteFile(e.Site.Path(certificatesDir, name), data, 0o644); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// CheckCertificates says before anything is touched whether the certificates
// in dir can be trusted in the site. An empty dir asks for none.
func CheckCertificates(s *site.Site, dir string) error {
	if dir == "" {
		return nil
	}
	_, err := readCertificates(s, dir)
	return err
}

// readCertificates returns the .crt files of a directory by name. Every one
// must be a PEM file of X.509 certificates. A directory without any is a slip,
// unless the site has its certificates already: the admin may have cleaned up.
func readCertificates(s *site.Site, dir string) (map[string][]byte, error) {
	paths, err := certificatesIn(dir)
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		have, err := certificatesIn(s.Path(certificatesDir))
		if err == nil && len(have) == 0 {
			err = fault.New(fault.Usage, "Put the certificates there, in PEM form, one .crt file for each authority", "custom_ca: no .crt file in %s", dir)
		}
		return nil, err
	}
	certs := map[string][]byte{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read certificate: %w", err)
		}
		if err := checkCertificate(data); err != nil {
			return nil, fault.New(fault.Usage, "Give certificates in PEM form, one .crt file for each authority", "%s: %w", path, err)
		}
		certs[filepath.Base(path)] = data
	}
	return certs, nil
}

func certificatesIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list certificates: %w", err)
	}
	var paths []string
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) == ".crt" {
			paths = append(paths, filepath.Join(dir, entry.Name()))
		}
	}
	return paths, nil
}

var errNoCertificate = errors.New("holds no PEM certificate")

func checkCertificate(data []byte) error {
	found := false
	for len(bytes.TrimSpace(data)) > 0 {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return fmt.Errorf("holds a %s, which must not be shared with containers", block.Type)
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return err
		}
		found = true
	}
	if !found {
		return errNoCertificate
	}
	return nil
}

// trustStores makes, for the images that are not Sentry's own, a copy of the
// image's trust store with the admin's certificates in it (upstream 26.4.0
// and newer). The override file, which is the admin's, has to mount them.
func trustStores() Step {
	return Step{
		ID: "trust-stores", Title: "Make trust stores for the other images", Idempotent: true,
		Skip: applies(since("26.4.0"), func(_ context.Context, e *Env) (string, error) {
			if !e.CustomCA {
				return "no custom CA certificates are in use", nil
			}
			return "", nil
		}),
		Done: func(_ context.Context, e *Env) (bool, error) {
			certs, err := readCertificates(e.Site, e.Site.Path(certificatesDir))
			if err != nil || len(certs) == 0 {
				return len(certs) == 0, err
			}
			return e.storesHold(certs)
		},
		Run: func(ctx context.Context, e *Env) error { return e.makeStores(ctx) },
	}
}

// trustedServices name, for each image that needs a store of its own, a
// service that runs it.
func trustedServices() []string {
	return []string{"relay", "symbolicator", "snuba-api", "vroom", "taskbroker", "uptime-checker", "launchpad-taskworker"}
}

func (e *Env) storePath(service string) string {
	return e.Site.Path(certificatesDir, ".generated", service, "ca-certificates.crt")
}

func (e *Env) storesHold(certs map[string][]byte) (bool, error) {
	for _, service := range trustedServices() {
		store, err := os.ReadFile(e.storePath(service))
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		for _, data := range certs {
			if !bytes.Contains(store, bytes.TrimSpace(data)) {
				return false, nil
			}
		}
	}
	return true, nil
}
