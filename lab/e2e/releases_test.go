package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/sentryctl/sentryctl/lab/labtest"
)

// memoryLimit is what an install may have resident at most, whatever the
// number of services.
const memoryLimit = 150 << 20

// A tree as upstream publishes it, with all its services, gets ready.
func TestInstallUpstreamsTree(t *testing.T) {
	const version = "25.10.0"
	real := labtest.Real(t, version)
	s := labtest.NewSite(t)
	e := sentryctl(t, s, install(s, s.Adapted(version), version)...).exits(0)
	r := e.last("result")
	if r.Services < 70 {
		t.Errorf("got %d services, want 70 or more", r.Services)
	}
	for service, is := range services(t, s) {
		if is != "running" {
			t.Errorf("%s is %s", service, is)
		}
	}
	sameFile(t, filepath.Join(real, "docker-compose.yml"), filepath.Join(s.Dir, "docker-compose.yml"))
	findEvent(t, s)
	t.Logf("%d services in %s, %d MB resident at most", r.Services, e.took, e.memory>>20)
	if e.memory == 0 || e.memory > memoryLimit {
		t.Errorf("sentryctl had %d MB resident, want %d at most", e.memory>>20, memoryLimit>>20)
	}
}

func sameFile(t *testing.T, a, b string) {
	t.Helper()
	one, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(b)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one, other) {
		t.Errorf("%s differs from %s", b, a)
	}
}

// The oldest release that is installed and the newest one take different
// steps to the same place.
func TestInstallOtherEras(t *testing.T) {
	for version, more := range map[string][]string{
		"23.6.2": nil,
		"26.8.0": {"--profile", "errors-only"},
	} {
		t.Run(version, func(t *testing.T) {
			if version == "23.6.2" {
				labtest.Long(t) // make demo begins with it too
			}
			s := labtest.NewSite(t)
			r := sentryctl(t, s, install(s, s.Release(version), version, more...)...).exits(0).last("result")
			if !r.Started || r.URL != s.URL() {
				t.Errorf("got result %+v", r)
			}
			st := observe(t, s)
			if st.Record != "installed "+version+" site" || len(st.OneOffs)+len(st.Unfinished) > 0 {
				t.Errorf("got record %q, containers left over %v, runs left over %v", st.Record, st.OneOffs, st.Unfinished)
			}
			for service, is := range st.Services {
				// geoipupdate ends at once, for want of a MaxMind account.
				if is != "running" && service != "geoipupdate" {
					t.Errorf("%s is %s", service, is)
				}
			}
			findEvent(t, s)
		})
	}
}
