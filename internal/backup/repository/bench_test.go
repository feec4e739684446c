package repository_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
)

// half fills a page with bytes of which half can be compressed away.
func half(rng *rand.ChaCha8, page []byte) {
	for i := 0; i+8 <= len(page); i += 8 {
		word := uint64(0x2020202000000001)
		if i/1024%2 == 0 {
			word = rng.Uint64()
		}
		binary.LittleEndian.PutUint64(page[i:], word)
	}
}

// fill writes a file of such bytes.
func fill(b testing.TB, path string, seed uint64, size int64) {
	b.Helper()
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed+1)
	rng := rand.NewChaCha8(key)
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, 64<<10)
	for ; size > 0; size -= int64(len(page)) {
		part := page[:min(size, int64(len(page)))]
		half(rng, part)
		if _, err := f.Write(part); err != nil {
			b.Fatal(err)
		}
	}
}

// volumes makes a tree in the shape of a site's: a third each of heap files of
// 64 MB, of immutable parts in directories of a hundred, of objects of 8 MB.
func volumes(b testing.TB, dir string, bytes, files int64) {
	b.Helper()
	third, seed := bytes/3, uint64(0)
	series := func(name string, total, each, below int64) {
		for i := int64(0); i*each < total; i++ {
			at := filepath.Join(dir, name, strconv.FormatInt(i/below, 10))
			if err := os.MkdirAll(at, 0o755); err != nil {
				b.Fatal(err)
			}
			seed++
			fill(b, filepath.Join(at, strconv.FormatInt(i, 10)), seed, min(each, total-i*each))
		}
	}
	series("heap", third, 64<<20, 1000)
	series("objects", third, 8<<20, 100)
	series("parts", third, max(1, third/files), 100)
}

// touch changes one in a hundred files of a kind, or of the heap's pages.
func touch(b testing.TB, dir string) {
	b.Helper()
	n := uint64(0)
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		n++
		if strings.Contains(path, "/heap/") {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			defer f.Close()
			info, err := d.Info()
			if err != nil {
				return err
			}
			page := make([]byte, 8<<10)
			half(rand.NewChaCha8([32]byte{9, byte(n)}), page)
			// A hundredth of the pages, close to each other as in a growing table.
			for at := info.Size() / 2; at < info.Size()/2+info.Size()/100; at += int64(len(page)) {
				if _, err := f.WriteAt(page, at); err != nil {
					return err
				}
			}
			return nil
		}
		if n%100 == 0 {
			info, err := d.Info()
			if err != nil {
				return err
			}
			fill(b, path, 1<<40+n, info.Size())
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

func fresh(b testing.TB) *repository.Repository {
	b.Helper()
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
	return r
}

var benchSource = repository.Source{Site: "s", Path: "/volumes/bench"}

func timed(b testing.TB, do func() error) float64 {
	b.Helper()
	began := time.Now()
	if err := do(); err != nil {
		b.Fatal(err)
	}
	return time.Since(began).Seconds()
}

// BenchmarkGrowth writes trees of one, two and four times the size in bytes
// and files, first and again unchanged. Linear is 2 and 4.
func BenchmarkGrowth(b *testing.B) {
	var first, again []float64
	for b.Loop() {
		first, again = nil, nil
		for _, size := range []int64{1, 2, 4} {
			dir := b.TempDir()
			volumes(b, dir, size*100<<20, size*5000)
			r := fresh(b)
			once := func() error {
				_, err := r.Write(b.Context(), repository.Options{Source: benchSource, Dir: dir})
				return err
			}
			first, again = append(first, timed(b, once)), append(again, timed(b, once))
			if err := r.Close(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(first[1]/first[0], "first-x2")
	b.ReportMetric(first[2]/first[0], "first-x4")
	b.ReportMetric(again[1]/again[0], "again-x2")
	b.ReportMetric(again[2]/again[0], "again-x4")
}

// megabytes is a size that the environment may change: BENCH_MB of what is
// compared, BENCH_MEMORY_MB of what is weighed.
func megabytes(name string, normal int64) int64 {
	if n, err := strconv.ParseInt(os.Getenv(name), 10, 64); err == nil {
		return n
	}
	return normal
}

// BenchmarkAgainstTar compares with `tar | gzip` and `tar xz` of one tree:
// how many times as fast the first backup, the second one after a change of a
// hundredth, and the restore are. Both sides wait for the disk.
func BenchmarkAgainstTar(b *testing.B) {
	dir, out := b.TempDir(), b.TempDir()
	volumes(b, dir, megabytes("BENCH_MB", 600)<<20, megabytes("BENCH_MB", 600)*10)
	shell := func(script string) func() error {
		return func() error { return exec.CommandContext(b.Context(), "sh", "-c", script, "sh", dir, out).Run() }
	}
	for b.Loop() {
		tar := timed(b, shell(`tar -C "$1" -c . | gzip >"$2/t.gz"; sync -f "$2"`))
		r := fresh(b)
		var last repository.Written
		once := func() (err error) {
			last, err = r.Write(b.Context(), repository.Options{Source: benchSource, Dir: dir, Commit: true})
			return err
		}
		b.ReportMetric(tar/timed(b, once), "first-x")
		touch(b, dir)
		tarAgain := timed(b, shell(`tar -C "$1" -c . | gzip >"$2/t.gz"; sync -f "$2"`))
		second := timed(b, once)
		b.ReportMetric(tarAgain/second, "second-x")
		b.ReportMetric(float64(last.Read)/float64(last.Bytes)*100, "second-read-%")
		untar := timed(b, shell(`mkdir -p "$2/x" && tar -C "$2/x" -xzf "$2/t.gz"; sync -f "$2"`))
		to := b.TempDir()
		back := timed(b, func() error {
			return r.Restore(b.Context(), repository.RestoreOptions{Snapshot: last.Snapshot, Dir: to, Attributes: last.Attributes})
		})
		b.ReportMetric(untar/back, "restore-x")
		b.Logf("tar|gzip %.1f s and %.1f s, tar xz %.1f s; second backup %.2f s, restore %.2f s", tar, tarAgain, untar, second, back)
		if err := r.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPeakMemory writes 5 GB in 100,000 files, once more after a change,
// and restores them, each in a process of its own: none may take 400 MB.
func BenchmarkPeakMemory(b *testing.B) {
	mb := megabytes("BENCH_MEMORY_MB", 5000)
	dir, repo := b.TempDir(), b.TempDir()
	volumes(b, dir, mb<<20, mb*20)
	for b.Loop() {
		for _, what := range []string{"first", "second", "verify", "restore"} {
			if what == "second" {
				touch(b, dir)
			}
			cmd := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^TestMemoryChild$", "-test.count=1")
			cmd.Env = append(os.Environ(), "BENCH_CHILD="+what, "BENCH_DIR="+dir, "BENCH_REPO="+repo, "BENCH_OUT="+b.TempDir())
			said, err := cmd.CombinedOutput()
			if err != nil {
				b.Fatalf("%s: %v: %s", what, err, said)
			}
			usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
			peak := float64(usage.Maxrss) / 1024
			b.ReportMetric(peak, what+"-peak-MB")
			if peak >= 400 {
				b.Errorf("%s takes %.0f MB", what, peak)
			}
		}
	}
}

// TestMemoryChild is what BenchmarkPeakMemory runs and weighs.
func TestMemoryChild(t *testing.T) {
	what := os.Getenv("BENCH_CHILD")
	if what == "" {
		t.Skip("it is for BenchmarkPeakMemory")
	}
	to, err := repository.ParseTarget(filepath.Join(os.Getenv("BENCH_REPO"), "repo"))
	if err != nil {
		t.Fatal(err)
	}
	a := repository.Access{Target: to, Password: "p", Dir: os.Getenv("BENCH_REPO")}
	if what == "first" {
		if err := repository.Init(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	r := open(t, a)
	switch what {
	case "verify", "restore":
		list, err := r.List(t.Context(), benchSource)
		if err != nil || len(list) == 0 {
			t.Fatal(list, err)
		}
		last := list[len(list)-1]
		if what == "verify" {
			_, err = r.Verify(t.Context(), 100, last)
		} else {
			err = r.Restore(t.Context(), repository.RestoreOptions{Snapshot: last, Dir: os.Getenv("BENCH_OUT")})
		}
		if err != nil {
			t.Fatal(err)
		}
	default:
		w := write(t, r, repository.Options{Source: benchSource, Dir: os.Getenv("BENCH_DIR")})
		fmt.Printf("read %d of %d MB in %d files\n", w.Read>>20, w.Bytes>>20, w.Files)
	}
}
