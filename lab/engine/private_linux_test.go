package engine

import (
	"context"
	"os"
	"testing"
)

// A private Engine comes back after a crash with what it had, and leaves
// nothing behind.
func TestPrivateEngineSurvivesItsOwnCrash(t *testing.T) {
	if testing.Short() {
		t.Skipf("starts a Docker daemon, and this is a short run")
	}
	if err := CanPrivate(); err != nil {
		t.Skipf("no private Engine: %v", err)
	}
	dir, err := os.MkdirTemp("", "lab-engine-")
	if err != nil {
		t.Fatal(err)
	}
	p, err := NewPrivate(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	closed := false
	t.Cleanup(func() {
		if closed {
			return
		}
		if err := p.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	if _, err := p.Docker.Output(t.Context(), "volume", "create", "kept"); err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Docker.ServerVersion(t.Context()); err == nil {
		t.Error("a killed Engine answers")
	}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := p.Docker.Output(t.Context(), "volume", "ls", "-q"); err != nil || got != "kept" {
		t.Errorf("got volumes %q and %v, want kept", got, err)
	}
	closed = true
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", dir, err)
	}
}
