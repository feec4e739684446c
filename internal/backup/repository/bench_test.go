package repository_test

import (
	"os"
	"testing"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
)

// BenchmarkWrite writes the tree that BACKUP_BENCH_DIR names into a new
// repository, and once more, and restores it.
func BenchmarkWrite(b *testing.B) {
	dir := os.Getenv("BACKUP_BENCH_DIR")
	if dir == "" {
		b.Skipf("BACKUP_BENCH_DIR names no tree to write")
	}
	for b.Loop() {
		to, err := repository.ParseTarget(b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		a := repository.Access{Target: to, Password: "p", Dir: b.TempDir()}
		if err := repository.Init(b.Context(), a); err != nil {
			b.Fatal(err)
		}
		r, err := repository.Open(b.Context(), a)
		if err != nil {
			b.Fatal(err)
		}
		var last repository.Written
		for range 2 {
			began := b.Elapsed()
			if last, err = r.Write(b.Context(), repository.Options{Source: repository.Source{Site: "s", Path: "/x"}, Dir: dir}); err != nil {
				b.Fatal(err)
			}
			b.Logf("wrote %d MB, read %d MB, added %d MB in %s", last.Bytes>>20, last.Read>>20, last.Added>>20, b.Elapsed()-began)
		}
		began := b.Elapsed()
		if err := r.Restore(b.Context(), repository.RestoreOptions{Snapshot: last.Snapshot, Dir: b.TempDir(), Attributes: last.Attributes}); err != nil {
			b.Fatal(err)
		}
		b.Logf("restored in %s", b.Elapsed()-began)
		r.Close(b.Context())
	}
}
