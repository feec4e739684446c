package release_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
)

func TestOpenFindsTheVersion(t *testing.T) {
	cases := []struct {
		name  string
		dir   string
		files map[string]string
		want  string
		code  fault.Code
	}{
		{"image in .env", "x", map[string]string{".env": "# a comment\nSENTRY_IMAGE=ghcr.io/getsentry/sentry:26.8.0\n"}, "26.8.0", fault.OK},
		{"image of a lab", "x", map[string]string{".env": "SENTRY_IMAGE=sentryctl-lab/sentry:25.10.0\n"}, "25.10.0", fault.OK},
		{"image with a digest", "x", map[string]string{".env": "SENTRY_IMAGE=mirror.example.org:5000/sentry:25.10.0@sha256:0123\n"}, "25.10.0", fault.OK},
		{"version in .env", "x", map[string]string{".env": "SENTRY_VERSION=20.6.0\n"}, "20.6.0", fault.OK},
		{"title of the README", "x", map[string]string{"README.md": "# Self-Hosted Sentry 23.6.2\n"}, "23.6.2", fault.OK},
		{"base image", "x", map[string]string{"Dockerfile": "ARG SENTRY_IMAGE\nFROM ${SENTRY_IMAGE:-sentry:9.1.2}-onbuild\n"}, "9.1.2", fault.OK},
		{"default in the compose file", "x", map[string]string{"docker-compose.yml": "image: \"${SENTRY_IMAGE:-getsentry/sentry:24.8.0}\"\n"}, "24.8.0", fault.OK},
		{"moving tag, named directory", "self-hosted-26.2.0", map[string]string{".env": "SENTRY_IMAGE=ghcr.io/getsentry/sentry:nightly\n"}, "26.2.0", fault.OK},
		{"the changelog lags behind", "x", map[string]string{".env": "SENTRY_IMAGE=getsentry/sentry:26.2.1\n", "CHANGELOG.md": "# Changelog\n\n## 26.1.0\n"}, "26.2.1", fault.OK},
		{"another image of the same name", "x", map[string]string{"docker-compose.yml": "image: example/my-sentry:1.2.3\n"}, "", fault.OK},
		{"silence", "x", nil, "", fault.OK},
		{"a name does not overrule", "24.8.0", map[string]string{".env": "SENTRY_IMAGE=getsentry/sentry:26.2.1\n"}, "26.2.1", fault.OK},
		{"contradiction", "x", map[string]string{".env": "SENTRY_IMAGE=getsentry/sentry:26.2.1\n", "README.md": "# Self-Hosted Sentry 23.6.2\n"}, "", fault.Integrity},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), tc.dir)
			if err := errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, "docker-compose.yml"), []byte("services: {}\n"), 0o600)); err != nil {
				t.Fatal(err)
			}
			for name, text := range tc.files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := release.Open(dir)
			if got.Version.String() != tc.want || fault.CodeOf(err) != tc.code {
				t.Errorf("got %q, %v; want %q, code %d", got.Version, err, tc.want, tc.code)
			}
		})
	}
}

func TestOpenUpstreamTrees(t *testing.T) {
	base := os.Getenv("SENTRYCTL_RELEASES")
	if base == "" {
		base = "../../../shared/releases"
	}
	dirs, _ := filepath.Glob(filepath.Join(base, "*", "docker-compose.yml"))
	if len(dirs) == 0 {
		t.Skipf("no upstream release trees in %s: set SENTRYCTL_RELEASES to a directory that holds them", base)
	}
	for _, d := range dirs {
		dir := filepath.Dir(d)
		got, err := release.Open(dir)
		if err != nil || got.Version.String() != filepath.Base(dir) {
			t.Errorf("%s: got %q, %v", dir, got.Version, err)
		}
	}
}

func TestStatementsNameEverySide(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"docker-compose.yml": "services: {}\n", ".env": "SENTRY_IMAGE=getsentry/sentry:24.2.0\n", "README.md": "# Self-Hosted Sentry 24.8.0\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := release.Statements(dir)
	if err != nil || len(got) != 2 || got[0].File != ".env" || got[0].Version.String() != "24.2.0" || got[1].Version.String() != "24.8.0" {
		t.Errorf("got %v, %v", got, err)
	}
}
