// Package labtest is for end-to-end tests on the lab: an Engine with the
// lab's images and releases, and sites that share nothing and leave nothing.
package labtest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/lab/engine"
	"github.com/sentryctl/sentryctl/lab/setup"
)

// Lab is a lab that is set up.
type Lab struct {
	setup.Setup
}

// setUp is done once in a test binary, however many tests ask for it.
var setUp = sync.OnceValues(func() (Lab, error) {
	root, err := setup.Root(".")
	if err != nil {
		return Lab{}, err
	}
	l := Lab{setup.In(root, os.Stderr)}
	// Installing an Engine is for `lab up`: a test run changes no machine.
	if _, err := l.Docker.ServerVersion(context.Background()); err != nil {
		return Lab{}, errors.Join(errors.New("no Docker Engine answers; run: make lab"), err)
	}
	if err := sweep(context.Background(), l.Docker); err != nil {
		return Lab{}, err
	}
	return l, l.Up(context.Background())
})

// Need gives the lab, with images and releases up to date. The test is
// skipped when testing.Short or when no Engine answers; any other trouble
// fails it.
func Need(t testing.TB) Lab {
	t.Helper()
	if testing.Short() {
		t.Skipf("needs a Docker Engine and minutes, and this is a short run")
	}
	l, err := setUp()
	if l.Dir == "" && err != nil {
		t.Skipf("no lab: %v", err)
	}
	if err != nil {
		t.Fatalf("set up the lab: %v", err)
	}
	return l
}

// Release is the tree of a version with the lab's own names and port. Tests
// that start it take Site.Release.
func Release(t testing.TB, version string) string {
	t.Helper()
	return Need(t).ReleaseDir(version)
}

// Real is upstream's tree of a version, where it stands beside the checkout.
func Real(t testing.TB, version string) string {
	t.Helper()
	l := Need(t)
	dir := filepath.Join(l.Root, "..", "shared", "releases", version)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no upstream release trees at ../shared/releases: %v", err)
	}
	return dir
}

// Binary is the path of bin/sentryctl, which `make build` makes.
func Binary(t testing.TB) string {
	t.Helper()
	path := filepath.Join(Need(t).Root, "bin", "sentryctl")
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("no sentryctl to test; run: make build (%v)", err)
	}
	return path
}

// cleanTime bounds the cleaning after a test, whose own context has ended.
const cleanTime = 2 * time.Minute

func cleanUp(t testing.TB, docker engine.Docker, prefix string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), cleanTime)
	defer cancel()
	if err := (setup.Cleaning{Docker: docker, Prefix: prefix, Talk: testTalk{t}}).Run(ctx); err != nil {
		t.Errorf("clean up after the test: %v", err)
	}
}

// testTalk sends the lab's talk to the test's log.
type testTalk struct{ t testing.TB }

func (w testTalk) Write(p []byte) (int, error) {
	w.t.Logf("%s", p)
	return len(p), nil
}

// allEnv asks for the long scenarios too: `make test-e2e-all` sets it.
const allEnv = "SENTRYCTL_LAB_ALL"

// Long marks a scenario that would make `make test` longer than 20 minutes. It
// runs where all of them are asked for.
func Long(t testing.TB) {
	t.Helper()
	if os.Getenv(allEnv) == "" {
		t.Skip("a long scenario: make test-e2e-all runs it")
	}
}
