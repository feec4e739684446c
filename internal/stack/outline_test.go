package stack

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/release"
)

func TestOutlineIsWhatLoadFinds(t *testing.T) {
	for _, dir := range releaseTrees(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) { sameOutline(t, dir) })
	}
}

func TestOutlineOfFilesOverOthers(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"name in the file": {"docker-compose.yml": "name: here\nservices: {web: {image: a}}"},
		"name of the directory, a volume of the project's own": {
			"docker-compose.yml": "services: {web: {image: a, volumes: ['data:/data']}}\nvolumes: {data: }",
		},
		"another name, volume and image": {
			".env":                        "COMPOSE_PROJECT_NAME=there\nTAG=2",
			"docker-compose.yml":          "name: here\nservices: {web: {build: {context: .}, environment: [A]}, db: {image: 'db:${TAG}', depends_on: [web]}}\nvolumes: {data: {external: true}}",
			"docker-compose.override.yml": "services: {db: {volumes: ['data:/db']}, more: {image: more}}\nvolumes: {data: {external: true, name: elsewhere}}",
		},
		"what was said before is taken back": {
			"docker-compose.yml":          "name: here\nservices: {web: {build: {context: .}, image: a}}",
			"docker-compose.override.yml": "services: {web: {build: !reset null, image: b}}",
		},
		"a profile": {
			".env":               "COMPOSE_PROFILES=one, two",
			"docker-compose.yml": "name: here\nservices: {a: {image: a, profiles: [two]}, b: {image: b, profiles: [three]}}",
		},
		"from another file": {
			"base.yml":           "services: {web: {image: a}}\n",
			"docker-compose.yml": "name: here\nservices: {web: {extends: {file: base.yml, service: web}}}",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "Site_1")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			for name, text := range files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			sameOutline(t, dir)
		})
	}
}

func sameOutline(t *testing.T, dir string) {
	t.Helper()
	got, err := Outline(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Load(t.Context(), LoadOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	m := p.Model()
	want := release.Model{Project: m.Project, Profiles: m.Profiles, Volumes: m.Volumes, Images: m.Images}
	for i := range want.Volumes {
		want.Volumes[i].MountedBy = nil // is how services run
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func BenchmarkOutline(b *testing.B) {
	trees := releaseTrees(b)
	dir := trees[len(trees)-2]
	for b.Loop() {
		if _, err := Outline(b.Context(), dir); err != nil {
			b.Fatal(err)
		}
	}
}
