package install

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/site"
)

const imageBundle = "/etc/ssl/certs/ca-certificates.crt"

// makeStores writes one bundle for each image and a Compose snippet that
// mounts them.
func (e *Env) makeStores(ctx context.Context) error {
	certs, err := readCertificates(e.Site, e.Site.Path(certificatesDir))
	if err != nil {
		return err
	}
	s, err := e.Stack(ctx)
	if err != nil {
		return err
	}
	images := imagesOf(s.Model())
	for _, service := range trustedServices() {
		if images[service] == "" {
			continue
		}
		bundle, err := s.ReadImageFile(ctx, images[service], imageBundle)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("read the trust store of %s: %w", images[service], err)
		}
		if err := site.WriteFile(e.storePath(service), appendCertificates(bundle, certs), 0o644); err != nil {
			return err
		}
	}
	snippet := e.Site.Path(certificatesDir, ".generated", "docker-compose.override.yml")
	if err := site.WriteFile(snippet, storeSnippet(s.Model(), images), 0o644); err != nil {
		return err
	}
	e.Sink.Emit(event.Notice{
		Level: "info", Text: "relay, snuba and the others trust your certificates once their stores are mounted",
		Hint: "Take the lines of " + snippet + " over into your docker-compose.override.yml",
	})
	return nil
}

func imagesOf(m release.Model) map[string]string {
	images := map[string]string{}
	for _, s := range m.Services {
		images[s.Name] = s.Image
	}
	return images
}

// appendCertificates puts the certificates behind a bundle, in the order of
// their names, so that the same input gives the same bytes.
func appendCertificates(bundle []byte, certs map[string][]byte) []byte {
	out := bytes.TrimSpace(bundle)
	for _, name := range slices.Sorted(maps.Keys(certs)) {
		out = append(append(out, '\n'), bytes.TrimSpace(certs[name])...)
	}
	return append(bytes.TrimSpace(out), '\n')
}

// storeSnippet mounts each store into every service that runs its image.
func storeSnippet(m release.Model, images map[string]string) []byte {
	store := map[string]string{}
	for _, service := range trustedServices() {
		if image := images[service]; image != "" {
			store[image] = service
		}
	}
	var b strings.Builder
	b.WriteString("# Take this over into docker-compose.override.yml in the site directory.\nservices:\n")
	for _, s := range m.Services {
		if service := store[s.Image]; service != "" {
			fmt.Fprintf(&b, "  %s:\n    volumes:\n      - ./%s/.generated/%s/ca-certificates.crt:%s:ro\n", s.Name, certificatesDir, service, imageBundle)
		}
	}
	return []byte(b.String())
}
