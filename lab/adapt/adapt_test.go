package adapt

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/lab/images"
	"github.com/sentryctl/sentryctl/lab/trees"
)

// real is the tree of an upstream release beside the checkout.
func real(t *testing.T, version string) string {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "shared", "releases", version)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no upstream release trees at ../shared/releases: %v", err)
	}
	return dir
}

func TestRealReleases(t *testing.T) {
	for _, version := range trees.Versions() {
		t.Run(version, func(t *testing.T) {
			src, dst := real(t, version), filepath.Join(t.TempDir(), "tree")
			refs, err := Tree(src, dst, Options{Prefix: "lab-real", Bind: "127.0.0.1:18123", Nofile: 9000})
			if err != nil {
				t.Fatal(err)
			}
			theirs, _ := os.ReadFile(filepath.Join(src, composeName))
			if ours, _ := os.ReadFile(filepath.Join(dst, composeName)); !bytes.Equal(theirs, ours) {
				t.Error("the compose file is not upstream's any more")
			}
			p, err := stack.Load(t.Context(), stack.LoadOptions{Dir: dst, AllProfiles: true})
			if err != nil {
				t.Fatal(err)
			}
			m := p.Model()
			if m.Project != "lab-real" || m.Ports[0].Published != "18123" {
				t.Errorf("got project %s on port %s", m.Project, m.Ports[0].Published)
			}
			for _, img := range m.Images {
				if img.Local != strings.HasPrefix(img.Ref, "lab-real-") || !img.Local && !slices.Contains(refs, img.Ref) {
					t.Errorf("image %s is not of the lab", img.Ref)
				}
			}
			for _, b := range m.Builds {
				for key, value := range b.Args {
					if !strings.HasPrefix(value, images.Prefix) && !strings.HasPrefix(value, "lab-real-") {
						t.Errorf("service %s: build argument %s=%s is not of the lab", b.Service, key, value)
					}
				}
				if !b.Present {
					t.Errorf("service %s has no build context", b.Service)
				}
			}
			for _, s := range m.Services {
				if s.Nofile > 9000 {
					t.Errorf("service %s asks for %d open files", s.Name, s.Nofile)
				}
			}
			for _, v := range m.Volumes {
				if !strings.HasPrefix(v.EngineName, "lab-real") {
					t.Errorf("volume %s is called %s on the Engine", v.Name, v.EngineName)
				}
			}
		})
	}
}

func TestLabImage(t *testing.T) {
	tests := map[string]string{
		"postgres:14.19-bookworm":                        "sentryctl-lab/postgres:14.19-bookworm",
		"altinity/clickhouse-server:25.3.6.10034":        "sentryctl-lab/clickhouse:25.3.6.10034",
		"registry.gitlab.com/egos-tech/smtp":             "sentryctl-lab/smtp:latest",
		"chrislusf/seaweedfs:4.40_large_disk@sha256:d07": "sentryctl-lab/seaweedfs:4.40_large_disk",
		"ghcr.io/getsentry/sentry:26.8.0":                "sentryctl-lab/sentry:26.8.0",
		"example.com/unheard-of:1":                       "",
	}
	for ref, want := range tests {
		got, err := labImage(ref)
		if (err != nil) != (want == "") {
			t.Errorf("%s: got error %v", ref, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", ref, diff)
		}
	}
}

func TestKeepsOffAFullDirectory(t *testing.T) {
	src, dst := t.TempDir(), t.TempDir()
	if err := trees.Write(src, "25.10.0", trees.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dst, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Tree(src, dst, Options{}); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("got %v, want a refusal", err)
	}
}
