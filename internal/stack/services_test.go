package stack

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestServicesAreLookedInto(t *testing.T) {
	e := realEngine(t)
	s := newSite(t, e, threeServices)
	if err := os.WriteFile(filepath.Join(s.project.Dir(), "store.conf"), []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context(), "store"); err != nil {
		t.Fatal(err)
	}
	services := e.Services(s.project.Name())
	reads := func(when string) {
		t.Helper()
		data, err := services.ReadFile(t.Context(), "store", "/store.conf")
		if err != nil || string(data) != "text" {
			t.Errorf("%s: %q, %v", when, data, err)
		}
		for _, absent := range [][2]string{{"store", "/absent"}, {"other", "/store.conf"}} {
			if _, err := services.ReadFile(t.Context(), absent[0], absent[1]); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v: %v", when, absent, err)
			}
		}
	}
	reads("running")
	if os.Geteuid() == 0 && runtime.GOOS == "linux" {
		lookInside(t, services)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	reads("stopped")
	if _, err := services.Dial(t.Context(), "store", "/socket"); err == nil {
		t.Error("a service that is stopped answers")
	}
}

// lookInside sees that root needs no Engine to look.
func lookInside(t *testing.T, services Services) {
	id, err := services.running(t.Context(), "store")
	if err != nil {
		t.Fatal(err)
	}
	root, err := services.engine.inside(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for file, there := range map[string]bool{"/ready": true, "/socket": false, "/proc/1/root/ready": false, "/data": false} {
		if _, err := readInside(root, file); (err == nil) != there {
			t.Errorf("%s: %v", file, err)
		}
	}
	conn, err := services.Dial(t.Context(), "store", "/socket")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if said, err := io.ReadAll(conn); err != nil || string(said) != "welcome" {
		t.Errorf("%q, %v", said, err)
	}
}
