package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
	"github.com/sentryctl/sentryctl/internal/release"
)

// upstreamTrees finds upstream's data files, oldest release first, or skips:
// they are no part of the repository.
func upstreamTrees(t *testing.T) []string {
	t.Helper()
	base := os.Getenv("SENTRYCTL_RELEASES")
	if base == "" {
		base = "../../../shared/releases"
	}
	found, _ := filepath.Glob(filepath.Join(base, "*", "docker-compose.yml"))
	if len(found) == 0 {
		t.Skipf("no upstream release trees in %s: set SENTRYCTL_RELEASES to a directory that holds them", base)
	}
	for i := range found {
		found[i] = filepath.Dir(found[i])
	}
	slices.SortFunc(found, func(a, b string) int {
		return calver.MustParse(filepath.Base(a)).Compare(calver.MustParse(filepath.Base(b)))
	})
	return found
}

func inspected(t *testing.T, dir string) inspection {
	t.Helper()
	var out, complaints bytes.Buffer
	if code := newApp(strings.NewReader(""), &out, &complaints).run(context.Background(), []string{"release", "inspect", dir, "--output", "json"}); code != 0 {
		t.Fatalf("inspect %s: exit code %d: %s%s", dir, code, &out, &complaints)
	}
	var in inspection
	if err := json.Unmarshal(out.Bytes(), &in); err != nil {
		t.Fatal(err)
	}
	return in
}

// facts is one line of the golden file.
func facts(in inspection) string {
	var external, local, contexts []string
	for _, v := range in.Volumes {
		if v.External {
			external = append(external, v.Name)
		}
	}
	for _, i := range in.Images {
		if i.Local {
			local = append(local, i.Ref)
		}
	}
	for _, b := range in.Builds {
		contexts = append(contexts, b.Context)
	}
	slices.Sort(contexts)
	contexts = slices.Compact(contexts)
	return fmt.Sprintf("%s project=%s services=%d/%d/%d profiles=%v volumes=%d external=%v images=%d local=%v builds=%d %v ports=%d env=%d examples=%v\n",
		in.Version, in.Project, len(in.Services), len(in.ServicesIn(catalog.FeatureComplete)), len(in.ServicesIn(catalog.ErrorsOnly)), in.Profiles,
		len(in.Volumes), external, len(in.Images), local, len(in.Builds), contexts, len(in.Ports), len(in.Env), in.Examples)
}

// TestInspectUpstreamReleases compares what is found in upstream's trees with
// testdata/releases.txt. Services are counted in all, with all features and
// with errors only.
func TestInspectUpstreamReleases(t *testing.T) {
	var got strings.Builder
	for _, dir := range upstreamTrees(t) {
		got.WriteString(facts(inspected(t, dir)))
	}
	compare(t, filepath.Join("testdata", "releases.txt"), got.String())
}

// TestCatalogAgreesWithUpstreamReleases compares the catalog's rows of volumes
// and data engines with what the compose files say.
func TestCatalogAgreesWithUpstreamReleases(t *testing.T) {
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range upstreamTrees(t) {
		v := calver.MustParse(filepath.Base(dir))
		in := inspected(t, dir)
		agreeOnVolumes(t, c.Volumes(v), in)
		// The image of ClickHouse is chosen by a script from 22.7.0 to 24.4.1.
		byScript := calver.Range{Since: calver.MustParse("22.7.0"), Until: calver.MustParse("24.4.1")}
		engines := c.Engines(v)
		for _, want := range []string{engines.ClickHouse.Image, engines.PostgreSQL.Image} {
			if want == "" || want == engines.ClickHouse.Image && byScript.Contains(v) {
				continue
			}
			if !carries(in, want) {
				t.Errorf("%s: the catalog says %s, which the release does not use", v, want)
			}
		}
	}
}

// carries tells whether a service runs the image, or one that is built on it.
func carries(in inspection, image string) bool {
	for _, b := range in.Builds {
		for _, base := range b.Args {
			if base == image {
				return true
			}
		}
	}
	return slices.ContainsFunc(in.Images, func(i release.Image) bool { return i.Ref == image })
}

func agreeOnVolumes(t *testing.T, want catalog.Volumes, in inspection) {
	t.Helper()
	var external, project []string
	for _, v := range in.Volumes {
		if v.External {
			external = append(external, v.Name)
		} else {
			project = append(project, v.Name)
		}
	}
	for _, c := range []struct {
		kind      string
		got, want []string
	}{{"external", external, want.External}, {"project", project, want.Project}} {
		got, want := slices.Sorted(slices.Values(c.got)), slices.Sorted(slices.Values(c.want))
		if !slices.Equal(got, want) {
			t.Errorf("%s: %s volumes: the release has %v, the catalog says %v", in.Version, c.kind, got, want)
		}
	}
}
