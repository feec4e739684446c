package e2e

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sentryctl/sentryctl/lab/labtest"
	"github.com/sentryctl/sentryctl/lab/standin/weed"
)

// What a backup meets that cannot go on: another one, a wrong password, a full
// disk, a storage that is gone.
func TestBackupsThatCannotGoOn(t *testing.T) {
	labtest.Long(t)
	x := faultySite(t)
	t.Run("two at once", func(t *testing.T) {
		first := x.at(t, passOne)
		refused := x.run(t, "backup", "create").exits(11).last("error")
		for _, want := range []string{fmt.Sprintf("pid %d", first.cmd.Process.Pid), "sentryctl backup"} {
			if !strings.Contains(refused.Error, want) {
				t.Errorf("got %q, which does not name %q", refused.Error, want)
			}
		}
		first.wait().exits(0)
		x.stands(t)
	})
	t.Run("wrong password", func(t *testing.T) {
		before, y := containers(t, x.Site), *x
		y.password = secretFile(t, "wrong")
		e := y.run(t, "backup", "create").exits(13)
		for _, line := range e.lines {
			if line.Type == "notice" && strings.Contains(line.Text, "rest now") {
				t.Errorf("services rested for it: %s", line.Text)
			}
		}
		if touched := differing(before, containers(t, x.Site)); len(touched) > 0 {
			t.Errorf("containers touched: %v", touched)
		}
		x.stands(t)
	})
	t.Run("full", func(t *testing.T) { repositoryIsFull(t, x) })
	t.Run("storage gone", func(t *testing.T) { storageIsGone(t, x) })
}

func repositoryIsFull(t *testing.T, x *struck) {
	disk := t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=1g"); err != nil {
		t.Skipf("only who may mount has a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(disk, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	y := x.into(t, filepath.Join(disk, "repo"), x.password)
	for _, m := range []moment{{name: "pass one", came: passOne.came}, {name: "the last pass", args: []string{"--passes", "0"}, came: freezing.came}} {
		t.Run(m.name, func(t *testing.T) {
			filler := fillDisk(t, disk, 4<<20)
			before := containers(t, x.Site)
			y.news(t)
			y.run(t, "backup", "create").exits(4) // seen before anything rests
			if touched := differing(before, containers(t, x.Site)); len(touched) > 0 {
				t.Errorf("containers touched: %v", touched)
			}
			e := y.at(t, m, "--force").wait().exits(6)
			if !strings.Contains(e.last("error").Error, "full") {
				t.Errorf("got error %q", e.last("error").Error)
			}
			y.allRun(t)
			if err := os.Remove(filler); err != nil {
				t.Fatal(err)
			}
			y.stands(t)
		})
	}
}

// fillDisk leaves that many bytes of a file system.
func fillDisk(t *testing.T, dir string, leave int64) string {
	t.Helper()
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "filler")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := unix.Fallocate(int(f.Fd()), 0, 0, int64(st.Bavail)*st.Bsize-leave); err != nil {
		t.Fatal(err)
	}
	return path
}

// storage is an object storage on the loopback that can go and come back.
type storage struct {
	handler http.Handler
	address string
	server  *http.Server
}

func newStorage(t *testing.T, accessKey string) *storage {
	t.Helper()
	h, err := weed.Handler(t.TempDir(), accessKey)
	if err != nil {
		t.Fatal(err)
	}
	s := &storage{handler: h, address: "127.0.0.1:0"}
	s.comes(t)
	t.Cleanup(func() { s.server.Close() })
	req, err := http.NewRequest(http.MethodPut, "http://"+s.address+"/backups", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "AWS "+accessKey+":x")
	read(t)(http.DefaultClient.Do(req))
	return s
}

func (s *storage) comes(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	s.address, s.server = listener.Addr().String(), &http.Server{Handler: s.handler}
	go s.server.Serve(listener) //nolint:errcheck // it ends when it is closed
}

func (s *storage) goes() { s.server.Close() }

func (s *storage) repo() string {
	return "s3://backups/site?region=us-east-1&endpoint=http://" + s.address
}

func storageIsGone(t *testing.T, x *struck) {
	st := newStorage(t, "key")
	y := x.into(t, st.repo(), x.password, "AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=not shown")
	for _, m := range []moment{passOne, lastPass} {
		t.Run(m.name, func(t *testing.T) {
			p := y.at(t, m, "--max-rest", "5s")
			st.goes()
			e := p.wait()
			if text := e.last("error").Error; e.code != 6 && e.code != 1 || text == "" || strings.Contains(e.tail, "not shown") {
				t.Errorf("got exit code %d and %q", e.code, text)
			}
			y.allRun(t)
			st.comes(t)
			y.stands(t)
		})
	}
}
