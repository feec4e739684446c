package repository_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// target is a place for a repository, with a server behind a gate. A folder
// has neither a gate nor credentials.
type target struct {
	access repository.Access
	gate   *gate
	wrong  repository.Credentials
}

// elsewhere is the same repository seen from a machine that never saw it.
func (p target) elsewhere(t *testing.T) repository.Access {
	a := p.access
	a.Dir = t.TempDir()
	return a
}

// Every kind of place keeps the same promises.
func TestPlaces(t *testing.T) {
	for name, place := range map[string]func(*testing.T) target{
		"folder":        func(t *testing.T) target { return target{access: access(t, filepath.Join(t.TempDir(), "repo"))} },
		"S3, stand-in":  s3Place,
		"S3, versitygw": versityPlace,
		"SFTP":          sftpPlace,
		"Azure":         azurePlace,
		"GCS":           gcsPlace,
		"B2":            b2Place,
		"WebDAV":        webdavPlace,
		"rclone":        rclonePlace,
	} {
		t.Run(name, func(t *testing.T) {
			if name != "folder" && name != "SFTP" && name != "GCS" {
				long(t) // one of each family will do
			}
			t.Parallel()
			contract(t, place(t))
		})
	}
}

func contract(t *testing.T, p target) {
	if _, err := repository.Open(t.Context(), p.access); fault.CodeOf(err) != fault.Usage || fault.HintOf(err) == "" {
		t.Errorf("before there is one: %d %v", fault.CodeOf(err), err)
	}
	if err := repository.Init(t.Context(), p.access); err != nil {
		t.Fatal(err)
	}
	if err := repository.Init(t.Context(), p.access); fault.CodeOf(err) != fault.Usage {
		t.Errorf("made twice: %v", err)
	}
	r := open(t, p.access)
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a"), data(1, 3<<20), 0o600)
	put(t, filepath.Join(dir, "sub/b"), data(2, 1<<20), 0o600)
	first := write(t, r, repository.Options{Dir: dir})
	before := look(t, dir)
	put(t, filepath.Join(dir, "sub/b"), data(3, 1<<20), 0o600)
	second := write(t, r, repository.Options{Dir: dir})
	if second.Read != 1<<20 || second.Added < 1<<20 || second.Added > 3<<19 {
		t.Errorf("the second one read %d and added %d bytes", second.Read, second.Added)
	}
	far := open(t, p.elsewhere(t))
	comesBack(t, far, first, before)
	comesBack(t, far, second, look(t, dir))
	if got, err := far.Verify(t.Context(), 100, first.Snapshot, second.Snapshot); err != nil || got.ReadBytes != 5<<20 {
		t.Errorf("verified %+v, %v", got, err)
	}
	refusesStrangers(t, p)
	if p.gate != nil {
		outlivesItsServer(t, p, dir, second)
	}
	forgets(t, p, first, second)
}

func comesBack(t *testing.T, r *repository.Repository, w repository.Written, want map[string]string) {
	t.Helper()
	if d := cmp.Diff(want, look(t, restore(t, r, w))); d != "" {
		t.Error(d)
	}
}

func refusesStrangers(t *testing.T, p target) {
	t.Helper()
	a := p.elsewhere(t)
	a.Password = "wrong"
	if _, err := repository.Open(t.Context(), a); fault.CodeOf(err) != fault.Integrity || fault.HintOf(err) == "" {
		t.Errorf("with a wrong password: %d %v", fault.CodeOf(err), err)
	}
	if p.wrong == nil {
		return
	}
	a = p.elsewhere(t)
	a.Credentials = p.wrong
	refused(t, "wrong credentials", a)
}

// refused sees that a place is not opened with these credentials, that the
// error says so, and that it tells none of them.
func refused(t *testing.T, name string, a repository.Access) {
	t.Helper()
	for what, err := range map[string]error{"open": func() error { _, err := repository.Open(t.Context(), a); return err }(), "init": repository.Init(t.Context(), a)} {
		if !strings.Contains(fault.HintOf(err), "credentials") {
			t.Errorf("%s, %s: %d %v (%s)", name, what, fault.CodeOf(err), err, fault.HintOf(err))
		}
		tellsNoSecret(t, a, err)
	}
}

func tellsNoSecret(t *testing.T, a repository.Access, err error) {
	t.Helper()
	for key, secret := range a.Credentials {
		if len(secret) > 4 && err != nil && strings.Contains(err.Error()+fault.HintOf(err), secret) {
			t.Errorf("the error tells %s: %v", key, err)
		}
	}
}

// outlivesItsServer lets the server go away in the middle of a backup.
func outlivesItsServer(t *testing.T, p target, dir string, old repository.Written) {
	t.Helper()
	if testing.Short() {
		t.Logf("a short run does not wait until a lost server is given up")
		return
	}
	r := open(t, p.access)
	want := look(t, dir)
	put(t, filepath.Join(dir, "c"), data(4, 30<<20), 0o600)
	p.gate.shutAfter(1 << 20)
	_, err := r.Write(t.Context(), repository.Options{Source: source, Dir: dir})
	if !p.gate.isShut() || fault.CodeOf(err) != fault.Resumable || fault.HintOf(err) == "" {
		t.Errorf("the server went away: %d %v", fault.CodeOf(err), err)
	}
	tellsNoSecret(t, p.access, err)
	if _, err := repository.Open(t.Context(), p.elsewhere(t)); fault.CodeOf(err) != fault.Other || fault.HintOf(err) == "" {
		t.Errorf("opened without a server: %d %v", fault.CodeOf(err), err)
	}
	p.gate.open()
	again := open(t, p.elsewhere(t))
	comesBack(t, again, old, want)
	comesBack(t, again, write(t, again, repository.Options{Dir: dir}), look(t, dir))
}

// forgets frees what one snapshot held, and leaves the others whole.
func forgets(t *testing.T, p target, drop, keep repository.Written) {
	t.Helper()
	r := open(t, p.elsewhere(t))
	if err := r.Delete(t.Context(), drop.ID); err != nil {
		t.Fatal(err)
	}
	if err := r.Maintain(t.Context(), true); err != nil {
		t.Error(err)
	}
	far := open(t, p.elsewhere(t))
	list, err := far.List(t.Context(), source)
	if err != nil || len(list) == 0 || list[0].ID != keep.ID {
		t.Errorf("left: %+v, %v", list, err)
	}
	if _, err := far.Verify(t.Context(), 100, list...); err != nil {
		t.Error(err)
	}
}
