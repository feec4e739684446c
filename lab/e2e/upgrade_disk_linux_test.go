package e2e

import (
	"crypto/rand"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"golang.org/x/sys/unix"

	"github.com/sentryctl/sentryctl/lab/engine"
	"github.com/sentryctl/sentryctl/lab/labtest"
)

// smallDisk mounts a disk of so many MiB: a file with a file system of its own, as a
// site wants one that outlives a reboot.
func smallDisk(t *testing.T, dir, size string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skipf("mounting a small disk takes root")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "disk")
	for _, command := range [][]string{
		{"truncate", "-s", size + "M", file},
		{"mkfs.ext4", "-q", "-m", "0", file},
		{"mount", "-o", "loop", file, dir},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Skipf("no small disk can be mounted here: %v: %s", err, out)
		}
	}
	t.Cleanup(func() {
		err := unix.Unmount(dir, unix.MNT_DETACH)
		if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) { // an Engine takes its own down
			t.Error(err)
		}
	})
	if err := os.Remove(filepath.Join(dir, "lost+found")); err != nil {
		t.Fatal(err)
	}
}

// fill leaves no room on a disk, until room is called.
func fill(t *testing.T, dir string) (room func()) {
	t.Helper()
	path := filepath.Join(dir, "filler")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// Most of it at once: the step goes on meanwhile.
	for size := int64(1) << 40; size >= 1<<12; size /= 2 {
		for err = nil; err == nil; {
			end, seekErr := f.Seek(0, io.SeekEnd)
			if err = seekErr; err == nil {
				err = unix.Fallocate(int(f.Fd()), 0, end, size)
			}
		}
		if !errors.Is(err, unix.ENOSPC) && !errors.Is(err, unix.EFBIG) {
			t.Fatal(err)
		}
	}
	return func() {
		t.Helper()
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// The disk of the site runs full in a hop, and stays so: the older release serves on,
// or serves again, and nobody has to make room for that.
func TestSiteDiskFullInAHop(t *testing.T) {
	labtest.Long(t)
	b := before{Site: labtest.NewSite(t), releases: t.TempDir()}
	smallDisk(t, b.Dir, "1500")
	rungImage(t, b.Site, "24.8.14.10459.altinitystable")
	sentryctl(t, b.Site, install(b.Site, b.Release(older), older, "--ignore", "disk-site")...).exits(0)
	found, err := b.Probe().Event(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.event, b.names = found, names(t, b.Site)
	b.release(t, newer)
	for _, c := range []struct{ step, comes string }{
		{"stage-site", older + " serves as before"},
		{"copy-ahead", older + " serves as before"},
		{"checkpoint", "back at " + older},
		{"migrate-database", "back at " + older},
		{"start-services", "back at " + older},
	} {
		t.Run(c.step, func(t *testing.T) {
			ran := containers(t, b.Site)
			p := start(t, b.Site, b.upgrade()...)
			begins(c.step).came(t, nil, p)
			room := fill(t, filepath.Join(b.Dir, ".sentryctl"))
			defer room()
			e := p.wait()
			if e.code != 4 && e.code != 6 { // 4: before the copy it is asked whether there is room
				t.Errorf("got exit code %d\n%s", e.code, e.tail)
			}
			fault := e.last("error")
			wantText(t, "error", fault.Error, c.comes)
			if strings.Contains(fault.Hint, "--force") {
				t.Errorf("an upgrade has no such flag: %s", fault.Hint)
			}
			b.serves(t, older)
			if touched := differing(ran, containers(t, b.Site)); len(touched) > 0 && strings.HasSuffix(c.comes, "as before") {
				t.Errorf("containers were touched: %v", touched)
			}
		})
	}
	sentryctl(t, b.Site, b.upgrade()...).exits(0)
	b.serves(t, newer)

	p := start(t, b.Site, "rollback", "--site", b.Dir, "--yes")
	begins("fill-volumes").came(t, nil, p)
	room := fill(t, filepath.Join(b.Dir, ".sentryctl"))
	if e := p.wait(); e.code != 0 {
		wantText(t, "hint", e.exits(6).last("error").Hint, "sentryctl rollback --site "+b.Dir)
		room()
		sentryctl(t, b.Site, "rollback", "--site", b.Dir, "--yes").exits(0)
	}
	b.serves(t, older)
}

// The Engine's disk runs full in a hop, and stays so: the older release serves on, or serves
// again with its data. A rollback by hand stops nothing where there is no room for it; where that
// goes later, the command that is named finishes once there is.
func TestEngineDiskFullInAHop(t *testing.T) {
	labtest.Long(t)
	if err := engine.CanPrivate(); err != nil {
		t.Skipf("the machine's own Engine has no disk that is ours to fill: %v", err)
	}
	s := labtest.NewSite(t)
	dir, err := os.MkdirTemp("", "lab-engine-")
	if err != nil {
		t.Fatal(err)
	}
	disk := filepath.Join(dir, "data") // of the Engine; its sockets lie beside
	smallDisk(t, disk, "6000")
	x := beforeUpgradeOn(t, s, privateEngineIn(t, s, dir, older, newer))
	t.Run("pull", func(t *testing.T) {
		with := x.breaking(t, newer)
		defer with(t, "")
		image := x.atRegistry(t)
		with(t, "SNUBA_IMAGE="+image)
		fault := x.fillsIn(t, disk, "bring-images", x.upgrade()...)
		wantText(t, "error", fault.Error, older+" serves as before", image, "no space left")
		x.serves(t, older)
	})
	for _, c := range []struct{ step, comes string }{
		{"keep-release", older + " serves as before"},
		{"checkpoint", "back at " + older},
		{"migrate-database", "back at " + older},
		{"start-services", "back at " + older},
	} {
		t.Run(c.step, func(t *testing.T) {
			fault := x.fillsIn(t, disk, c.step, x.upgrade()...)
			wantText(t, "error", fault.Error, c.comes)
			x.serves(t, older)
		})
	}
	x.run(t, x.upgrade()...).exits(0)
	x.serves(t, newer)
	back := []string{"rollback", "--site", x.Dir, "--yes"}
	room := fill(t, disk)
	wantText(t, "error", x.run(t, back...).exits(4).last("error").Error, "nothing was stopped")
	room()
	x.serves(t, newer)
	wantText(t, "hint", x.fillsIn(t, disk, "fill-volumes", back...).Hint, "sentryctl rollback --site "+x.Dir)
	x.run(t, back...).exits(0)
	x.serves(t, older)
}

// atRegistry puts an image into a registry where only the Engine finds it. It is one of
// the release, with a layer that is pulled for a while.
func (x privately) atRegistry(t *testing.T) (image string) {
	t.Helper()
	var door net.Listener
	err := x.engine.Inside(func() (err error) {
		door, err = net.Listen("tcp", "127.0.0.1:0")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: registry.New(registry.Logger(log.New(io.Discard, "", 0)))}
	go server.Serve(door) //nolint:errcheck // it ends with the test
	t.Cleanup(func() { server.Close() })
	env, err := os.ReadFile(filepath.Join(x.releases, newer, ".env"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(env), "\nSNUBA_IMAGE=")
	base, _, _ := strings.Cut(after, "\n")
	layer := filepath.Join(t.TempDir(), "layer")
	data := make([]byte, 256<<20)
	if _, err := rand.Read(data); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(layer, data, 0o600); err != nil {
		t.Fatal(err)
	}
	image = door.Addr().String() + "/lab/snuba:" + newer
	id := strings.Join(docker(t, x.Site, "create", base), "")
	docker(t, x.Site, "cp", layer, id+":/layer")
	docker(t, x.Site, "commit", id, image)
	docker(t, x.Site, "rm", id)
	docker(t, x.Site, "push", "-q", image)
	docker(t, x.Site, "rmi", image)
	return image
}

// fillsIn runs a command that ends because a disk runs full when a step begins, and makes
// room again.
func (x privately) fillsIn(t *testing.T, disk, step string, args ...string) said {
	t.Helper()
	p := x.start(t, args...)
	begins(step).came(t, nil, p)
	room := fill(t, disk)
	defer room()
	e := p.wait()
	fault := e.last("error")
	t.Logf("%s: exit code %d: %s; %s", step, e.code, fault.Error, fault.Hint)
	if e.code != 4 && e.code != 6 {
		t.Errorf("got exit code %d\n%s", e.code, e.tail)
	}
	return fault
}
