package trees

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/lab/images"
)

func load(t *testing.T, version string, o Options, all bool, profiles ...string) release.Model {
	t.Helper()
	dir := t.TempDir()
	if err := Write(dir, version, o); err != nil {
		t.Fatal(err)
	}
	p, err := stack.Load(t.Context(), stack.LoadOptions{Dir: dir, AllProfiles: all, Profiles: profiles})
	if err != nil {
		t.Fatal(err)
	}
	return p.Model()
}

func TestReleasesHaveWhatUpstreamHas(t *testing.T) {
	for _, version := range Versions() {
		t.Run(version, func(t *testing.T) {
			m := load(t, version, Options{}, true)
			if len(m.Services) < 18 {
				t.Errorf("got %d services, want 18 or more", len(m.Services))
			}
			for _, b := range m.Builds {
				if !b.Present {
					t.Errorf("service %s: build context %s is not in the tree", b.Service, b.Context)
				}
			}
			var external, project []string
			for _, v := range m.Volumes {
				if v.External {
					external = append(external, v.Name)
				} else {
					project = append(project, v.Name)
				}
				if len(v.MountedBy) == 0 {
					t.Errorf("volume %s is mounted by nobody", v.Name)
				}
			}
			want := volumeNames[version]
			if diff := cmp.Diff(want, [2][]string{external, project}); diff != "" {
				t.Errorf("external and project volumes (-want +got):\n%s", diff)
			}
		})
	}
}

var volumeNames = map[string][2][]string{
	"23.6.2":  {withZookeeper, oldProject},
	"23.11.0": {withZookeeper, oldProject},
	"24.8.0": {
		{"sentry-clickhouse", "sentry-data", "sentry-kafka", "sentry-postgres", "sentry-redis", "sentry-symbolicator"},
		{"sentry-clickhouse-log", "sentry-kafka-log", "sentry-nginx-cache", "sentry-secrets", "sentry-smtp", "sentry-smtp-log", "sentry-vroom"},
	},
	"25.5.1": {
		{"sentry-clickhouse", "sentry-data", "sentry-kafka", "sentry-postgres", "sentry-redis", "sentry-symbolicator"},
		{"sentry-clickhouse-log", "sentry-kafka-log", "sentry-nginx-cache", "sentry-nginx-www", "sentry-secrets", "sentry-smtp", "sentry-smtp-log", "sentry-vroom"},
	},
	"25.10.0": {withSeaweed, newProject},
	"26.5.0":  {withSeaweed, newProject},
	"26.7.0":  {withSeaweed, newProject},
	"26.8.0":  {withSeaweed, newProject},
}

var (
	withZookeeper = []string{"sentry-clickhouse", "sentry-data", "sentry-kafka", "sentry-postgres", "sentry-redis", "sentry-symbolicator", "sentry-zookeeper"}
	oldProject    = []string{"sentry-clickhouse-log", "sentry-kafka-log", "sentry-nginx-cache", "sentry-secrets", "sentry-smtp", "sentry-smtp-log", "sentry-vroom", "sentry-zookeeper-log"}
	withSeaweed   = []string{"sentry-clickhouse", "sentry-data", "sentry-kafka", "sentry-postgres", "sentry-redis", "sentry-seaweedfs"}
	newProject    = []string{"sentry-clickhouse-log", "sentry-kafka-log", "sentry-nginx-cache", "sentry-nginx-www", "sentry-secrets", "sentry-smtp", "sentry-smtp-log", "sentry-symbolicator", "sentry-taskbroker", "sentry-vroom"}
)

func TestProfiles(t *testing.T) {
	for _, version := range Versions() {
		t.Run(version, func(t *testing.T) {
			errorsOnly := load(t, version, Options{}, false, "errors-only")
			full := load(t, version, Options{}, false, "feature-complete")
			hasProfiles := since("24.7.1").Contains(calver.MustParse(version))
			if fewer := len(errorsOnly.Services) < len(full.Services); fewer != hasProfiles {
				t.Errorf("got %d services errors-only and %d feature-complete", len(errorsOnly.Services), len(full.Services))
			}
			if len(errorsOnly.Services) < 18 {
				t.Errorf("got %d services errors-only, want 18 or more", len(errorsOnly.Services))
			}
		})
	}
}

func TestEveryImageIsOfTheLab(t *testing.T) {
	for _, version := range Versions() {
		refs, err := Images(version)
		if err != nil {
			t.Fatal(err)
		}
		for _, img := range load(t, version, Options{}, true).Images {
			if !img.Local && !slices.Contains(refs, img.Ref) {
				t.Errorf("%s: image %s is not among those that the lab makes", version, img.Ref)
			}
		}
		for _, ref := range refs {
			if _, _, err := images.Split(ref); err != nil {
				t.Errorf("%s: %v", version, err)
			}
		}
	}
}

func TestOptionsKeepSitesApart(t *testing.T) {
	m := load(t, "25.10.0", Options{Prefix: "lab-x", Bind: "127.0.0.1:18123"}, true)
	var got []string
	for _, v := range m.Volumes {
		if v.Name == "sentry-postgres" || v.Name == "sentry-vroom" {
			got = append(got, v.EngineName)
		}
	}
	got = append(got, m.Project, m.Ports[0].HostIP+":"+m.Ports[0].Published)
	for _, b := range m.Builds {
		if b.Service == "web" {
			got = append(got, b.Image)
		}
	}
	want := []string{"lab-x-postgres", "lab-x_sentry-vroom", "lab-x", "127.0.0.1:18123", "lab-x-sentry-local"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func TestWriteTwiceChangesNothing(t *testing.T) {
	dir := t.TempDir()
	write := func() release.Tree {
		if err := Write(dir, "23.6.2", Options{}); err != nil {
			t.Fatal(err)
		}
		tree, err := release.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		return tree
	}
	first, second := write(), write()
	if first != second {
		t.Errorf("got %+v, then %+v", first, second)
	}
	if first.Version.String() != "23.6.2" {
		t.Errorf("the tree says that it is version %q", first.Version)
	}
	info, err := os.Stat(filepath.Join(dir, "sentry", "entrypoint.sh"))
	if err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("entrypoint.sh: got mode %v and %v, want 0755", info.Mode(), err)
	}
}
