package e2e

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sentryctl/sentryctl/lab/labtest"
)

func TestDiskTooSmall(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skipf("mounting a small disk takes root")
	}
	s := labtest.NewSite(t)
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", s.Dir, "tmpfs", 0, "size=16m"); err != nil {
		t.Skipf("no small disk can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(s.Dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	f := sentryctl(t, s, install(s, s.Release("25.10.0"), "25.10.0")...).blockedBy("disk-site")
	wantText(t, "hint", f.Hint, "--site")
	nothingTouched(t, s)
}

// Who has no rights on the site is told so, before the Engine is asked.
func TestSiteThatMayNotBeRead(t *testing.T) {
	s := labtest.NewSite(t)
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	p := startWith(t, asAnother(t, s.Dir), s.Env(), install(s, s.Release("25.10.0"), "25.10.0")...)
	fault := p.wait().exits(10).last("error")
	wantText(t, "error", fault.Error, s.Dir, "permission denied")
	wantText(t, "hint", fault.Hint, "--site")
}

// asAnother starts a program as somebody who may not enter dir: as nobody if
// we are root, else as ourselves, with the directory closed.
func asAnother(t *testing.T, dir string) func(*exec.Cmd) error {
	t.Helper()
	return func(c *exec.Cmd) error {
		if os.Geteuid() != 0 {
			t.Cleanup(func() { os.Chmod(dir, 0o700) }) //nolint:errcheck // for the removal alone
			if err := os.Chmod(dir, 0); err != nil {
				return err
			}
			return c.Start()
		}
		const nobody = 65534
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		err := c.Start()
		if errors.Is(err, fs.ErrPermission) {
			t.Skipf("only root may run what is in this checkout: %v", err)
		}
		return err
	}
}
