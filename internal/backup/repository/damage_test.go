package repository_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// blobs are the files of a repository whose names begin so.
func blobs(t *testing.T, a repository.Access, kind string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir(a.Target.Path, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(a.Target.Path, path)
		if name := strings.ReplaceAll(rel, "/", ""); err == nil && !d.IsDir() && strings.HasPrefix(name, kind) {
			found[path] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// damages is what disks and people do to files, at a fraction of their length.
func damages(part int) map[string]func(t *testing.T, path string) {
	all := map[string]func(t *testing.T, path string){
		"flipped byte": func(t *testing.T, path string) {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			content[len(content)/part] ^= 1
			put(t, path, content, 0o600)
		},
		"cut short": func(t *testing.T, path string) {
			info, err := os.Stat(path)
			if err == nil {
				err = os.Truncate(path, info.Size()/int64(part))
			}
			if err != nil {
				t.Fatal(err)
			}
		},
		"missing": func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		},
	}
	if testing.Short() {
		delete(all, "cut short")
		delete(all, "missing")
	}
	return all
}

// long leaves a test to `make test-repository`: opening a repository costs a
// quarter of a second, as guessing its password has to.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("not in a short run")
	}
}

// twoSnapshots are of one source each; only the second one's blobs are given.
func twoSnapshots(t *testing.T, kind string) (a repository.Access, whole, hurt repository.Written, of []string) {
	t.Helper()
	a, r := folder(t)
	first, second := t.TempDir(), t.TempDir()
	put(t, filepath.Join(first, "first/file"), data(1, 1<<20), 0o600)
	put(t, filepath.Join(second, "second/file"), data(2, 1<<20), 0o600)
	whole = write(t, r, repository.Options{Dir: first})
	before := blobs(t, a, kind)
	hurt = write(t, r, repository.Options{Dir: second, Source: repository.Source{Site: source.Site, Path: "/volumes/sentry-data"}})
	for path := range blobs(t, a, kind) {
		if !before[path] {
			of = append(of, path)
		}
	}
	if len(of) != 1 {
		t.Fatalf("the second snapshot made %d blobs of kind %s", len(of), kind)
	}
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.Dir = t.TempDir() // no cache
	return a, whole, hurt, of
}

// Damage to a file's data names the file, in verify and in restore; all else
// comes back.
func TestDamagedDataNamesTheFile(t *testing.T) {
	t.Parallel()
	for name, do := range damages(12) {
		t.Run(name, func(t *testing.T) {
			a, whole, hurt, of := twoSnapshots(t, "p")
			do(t, of[0])
			r := open(t, a)
			got, err := r.Verify(t.Context(), 100, whole.Snapshot, hurt.Snapshot)
			if fault.CodeOf(err) != fault.Integrity || len(got.Damaged) != 1 || !strings.HasPrefix(got.Damaged[0], "/volumes/sentry-data/second/file: ") {
				t.Errorf("verify: %+v, %v", got, err)
			}
			err = r.Restore(t.Context(), repository.RestoreOptions{Snapshot: hurt.Snapshot, Dir: t.TempDir(), NoSync: true})
			if fault.CodeOf(err) != fault.Integrity || !strings.Contains(err.Error(), "/volumes/sentry-data") || !strings.Contains(err.Error(), "second/file") {
				t.Errorf("restore: %d %v", fault.CodeOf(err), err)
			}
			restore(t, r, whole)
		})
	}
}

// A blob that holds directories and the list of snapshots is damaged: what is
// in others is listed and comes back.
func TestDamagedListHidesNoOthers(t *testing.T) {
	t.Parallel()
	for name, do := range damages(12) {
		t.Run(name, func(t *testing.T) {
			a, whole, hurt, of := twoSnapshots(t, "q")
			do(t, of[0])
			r := open(t, a)
			list, err := r.List(t.Context(), repository.Source{})
			if err != nil || len(list) == 0 || list[0].ID != whole.ID {
				t.Fatalf("listed %+v, %v", list, err)
			}
			got, err := r.Verify(t.Context(), 100, append(list, hurt.Snapshot)...)
			if fault.CodeOf(err) != fault.Integrity || len(got.Damaged) == 0 || got.ReadBytes < 1<<20 {
				t.Errorf("verify: %+v, %v", got, err)
			}
			err = r.Restore(t.Context(), repository.RestoreOptions{Snapshot: hurt.Snapshot, Dir: t.TempDir(), NoSync: true})
			if len(list) == 1 && fault.CodeOf(err) != fault.Integrity {
				t.Errorf("restore: %d %v", fault.CodeOf(err), err)
			}
			restore(t, r, whole)
			if len(r.Unlisted()) == 0 {
				return // the bytes that changed were a directory's
			}
			if err := r.Maintain(t.Context(), true); fault.CodeOf(err) != fault.Integrity {
				t.Errorf("it tidied a repository without knowing what is needed: %v", err)
			}
			if err := r.Delete(t.Context(), whole.ID); fault.CodeOf(err) != fault.Integrity {
				t.Errorf("it deleted a snapshot: %v", err)
			}
		})
	}
}

// A damaged index hides what it leads to, and must not do so in silence.
func TestDamagedIndexIsFound(t *testing.T) {
	t.Parallel()
	for name, do := range damages(12) {
		t.Run(name, func(t *testing.T) {
			a, whole, _, of := twoSnapshots(t, "x")
			do(t, of[0])
			r, err := repository.Open(t.Context(), a)
			if err == nil {
				defer r.Close(t.Context())
				_, err = r.Verify(t.Context(), 100, whole.Snapshot)
			}
			if fault.CodeOf(err) != fault.Integrity || fault.HintOf(err) == "" {
				t.Errorf("got %d %v", fault.CodeOf(err), err)
			}
		})
	}
}

func TestDamagedFormatIsFound(t *testing.T) {
	long(t)
	t.Parallel()
	for name, do := range damages(3) {
		t.Run(name, func(t *testing.T) {
			a, _ := folder(t)
			for path := range blobs(t, a, "kopia.repository") {
				do(t, path)
			}
			a.Dir = t.TempDir()
			_, err := repository.Open(t.Context(), a)
			if code := fault.CodeOf(err); code != fault.Integrity && name != "missing" || code == 0 {
				t.Errorf("got %d %v", code, err)
			}
		})
	}
}

// What was cut short or tidied is no damage.
func TestLeftoversAreNoDamage(t *testing.T) {
	long(t)
	t.Parallel()
	a, r := folder(t)
	dir := t.TempDir()
	put(t, filepath.Join(dir, "file"), data(1, 1<<20), 0o600)
	w := write(t, r, repository.Options{Dir: dir})
	// A page of data is written, then the session is left.
	put(t, filepath.Join(dir, "large"), data(2, 60<<20), 0o600)
	before := len(blobs(t, a, "p"))
	if err := repository.LeaveUnfinished(t.Context(), r, dir); err != nil {
		t.Fatal(err)
	}
	if after := len(blobs(t, a, "p")); after <= before {
		t.Fatalf("nothing was left behind: %d blobs, then %d", before, after)
	}
	a.Dir = t.TempDir()
	r = open(t, a)
	if _, err := r.Verify(t.Context(), 100, w.Snapshot); err != nil {
		t.Errorf("after a cut: %v", err)
	}
	if err := r.Delete(t.Context(), w.ID); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := r.Maintain(t.Context(), true); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Verify(t.Context(), 100); err != nil {
		t.Errorf("after a forgotten snapshot: %v", err)
	}
}

// A wrong password is told from the first answer: nothing is written, and
// nothing is tried again.
func TestWrongPasswordTouchesNothing(t *testing.T) {
	t.Parallel()
	p := s3Place(t)
	if err := repository.Init(t.Context(), p.access); err != nil {
		t.Fatal(err)
	}
	writes, reads := p.gate.watchRequests()
	a := p.elsewhere(t)
	a.Password = "wrong"
	_, err := repository.Open(t.Context(), a)
	if fault.CodeOf(err) != fault.Integrity || fault.HintOf(err) == "" {
		t.Errorf("got %d %v", fault.CodeOf(err), err)
	}
	if writes() != 0 || reads() == 0 || reads() > 5 {
		t.Errorf("it wrote %d times and read %d times", writes(), reads())
	}
}

// Two write at once: both end well, and both come back.
func TestTwoWritersAtOnce(t *testing.T) {
	long(t)
	t.Parallel()
	a, _ := folder(t)
	type result struct {
		w   repository.Written
		dir string
		err error
	}
	results := make(chan result)
	for i, site := range []string{"one", "other"} {
		dir := t.TempDir()
		put(t, filepath.Join(dir, "same"), data(1, 8<<20), 0o600)
		put(t, filepath.Join(dir, site), data(uint64(i+2), 8<<20), 0o600)
		b := a
		b.Dir = t.TempDir()
		r := open(t, b)
		go func() {
			w, err := r.Write(t.Context(), repository.Options{Source: repository.Source{Site: site, Path: "/volumes/x"}, Dir: dir})
			results <- result{w, dir, err}
		}()
	}
	a.Dir = t.TempDir()
	for range 2 {
		got := <-results
		if got.err != nil {
			t.Fatal(got.err)
		}
		comesBack(t, open(t, a), got.w, look(t, got.dir))
	}
	// Each site sees its own.
	for _, site := range []string{"one", "other"} {
		list, err := open(t, a).List(t.Context(), repository.Source{Site: site})
		if err != nil || len(list) != 1 || list[0].Source.Site != site {
			t.Errorf("%s: %+v, %v", site, list, err)
		}
	}
}

// The clock was set back by two days between two snapshots.
func TestClockSetBack(t *testing.T) {
	long(t)
	t.Parallel()
	a, r := folder(t)
	dir := t.TempDir()
	put(t, filepath.Join(dir, "file"), data(1, 1<<20), 0o600)
	late := write(t, r, repository.Options{Dir: dir})
	put(t, filepath.Join(dir, "file"), data(2, 1<<20), 0o600)
	earlier := time.Now().Add(-48 * time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "file"), earlier, earlier); err != nil {
		t.Fatal(err)
	}
	want := look(t, dir)
	back := open(t, repository.At(a, earlier))
	early := write(t, back, repository.Options{Dir: dir})
	comesBack(t, open(t, a), early, want)
	if err := back.Maintain(t.Context(), true); err == nil || !strings.Contains(fault.HintOf(err), "clock") {
		t.Errorf("what is old enough to be freed cannot be known, and maintenance says: %v", err)
	}
	list, err := open(t, a).List(t.Context(), source)
	if err != nil || len(list) != 2 || list[0].ID != early.ID {
		t.Fatalf("%+v, %v", list, err)
	}
	if _, err := r.Verify(t.Context(), 100, late.Snapshot, early.Snapshot); err != nil {
		t.Error(err)
	}
}
