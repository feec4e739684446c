package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sentryctl/sentryctl/lab/probe"
)

// result is what one way came to.
type result struct {
	probe.Seen
	took         time.Duration
	rest         time.Duration // services at rest, or down
	work         time.Duration // of it, reading or writing the data alone
	bytes, added int64
	files        int64
	memory       int64 // the most that the helper held
}

// backUp makes a backup with sentryctl.
func (b *bench) backUp(ctx context.Context, s *probe.Stream, name string) (result, error) {
	var lines spoken
	helper := b.peak(ctx)
	began := time.Now()
	var took time.Duration
	saw, err := s.During(ctx, func() (err error) {
		lines, err = b.ours(ctx, "backup", "create", "--site", b.site)
		took = time.Since(began)
		return err
	})
	r := result{Seen: saw, took: took, memory: helper()}
	if err != nil {
		return r, fmt.Errorf("%s: %w", name, err)
	}
	last := lines.last()
	r.work, r.rest, r.bytes, r.added, r.files = lines.step("capture-volumes"), last.Downtime.Rest, last.Bytes, last.Added, last.Files
	b.volumes = nil
	for _, v := range last.Volumes {
		b.volumes = append(b.volumes, v.Engine)
	}
	fmt.Printf("%-18s %8s   volumes %8s   rest %6.2f s   UI away %6.2f s   ingest away %.2f s, slowest answer %.2f s   %d events refused   %.0f MB/s   %s in %d files, %s added   helper %s\n",
		name, seconds(r.took), seconds(r.work), r.rest.Seconds(), r.UI.Seconds(), r.Ingest.Seconds(), r.Slowest.Seconds(), r.Refused,
		float64(r.bytes)/1e6/r.took.Seconds(), mb(r.bytes), r.files, mb(r.added), mb(r.memory))
	return r, nil
}

// documented is the way that a person goes today. The volumes are those that
// the backup holds.
func (b *bench) documented(ctx context.Context) (result, error) {
	compose := func(args ...string) error {
		env := []string{"--project-directory", b.site, "--env-file", filepath.Join(b.site, ".env"), "--env-file", filepath.Join(b.site, ".env.custom")}
		return command(ctx, b.compose, append(env, args...)...)
	}
	var r result
	var err error
	began := time.Now()
	r.UI, err = b.probe.UIDuring(ctx, func() error {
		if err := compose("down"); err != nil {
			return err
		}
		packed := time.Now()
		for _, v := range b.volumes {
			if err := b.inContainer(ctx, v+":/from:ro", "tar -C /from -czf /archives/"+v+".tar.gz ."); err != nil {
				return err
			}
		}
		r.work = time.Since(packed)
		return compose("up", "--wait", "-d")
	})
	r.took = time.Since(began)
	if err != nil {
		return r, fmt.Errorf("documented way: %w", err)
	}
	fmt.Printf("%-18s %8s   tar and gzip %8s                UI away %6.2f s\n", "documented way", seconds(r.took), seconds(r.work), r.UI.Seconds())
	return r, nil
}

func (b *bench) inContainer(ctx context.Context, volume, script string) error {
	return command(ctx, "docker", "run", "--rm", "--network", "none", "-v", volume, "-v", b.archives+":/archives", "--entrypoint", "sh", b.image, "-c", script)
}

// afterDisaster leaves the kernel with nothing to write and nothing in memory,
// as on a machine that data comes back to.
func afterDisaster() error {
	unix.Sync()
	return os.WriteFile("/proc/sys/vm/drop_caches", []byte("3"), 0)
}

// untar unpacks the archives into new volumes, until all is on the disk, as a
// restore does. They stay until all is over: the file system gives no inode away
// that was freed within seconds, and looks for others at length.
func (b *bench) untar(ctx context.Context) (result, error) {
	var r result
	if err := afterDisaster(); err != nil {
		return r, err
	}
	for _, v := range b.volumes {
		name := "untar-" + v
		if _, err := b.Docker.Output(ctx, "volume", "create", prefix+"-"+name); err != nil {
			return r, err
		}
		began := time.Now()
		if err := b.inContainer(ctx, prefix+"-"+name+":/to", "tar -C /to -xzf /archives/"+v+".tar.gz"); err != nil {
			return r, err
		}
		if err := b.inVolume(ctx, name, syncDisk); err != nil {
			return r, err
		}
		r.work += time.Since(began)
	}
	fmt.Printf("%-18s %8s\n", "tar xz", seconds(r.work))
	return r, nil
}

func syncDisk(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return unix.Syncfs(int(d.Fd()))
}

// restore brings the newest backup back into the running site.
func (b *bench) restore(ctx context.Context) (result, error) {
	var lines spoken
	var r result
	err := afterDisaster()
	if err != nil {
		return r, err
	}
	began := time.Now()
	r.UI, err = b.probe.UIDuring(ctx, func() (err error) {
		lines, err = b.ours(ctx, "restore", "--site", b.site, "--yes")
		return err
	})
	if err != nil {
		return r, err
	}
	r.took, r.work = time.Since(began), lines.step("fill-volumes")
	fmt.Printf("%-18s %8s   into volumes %8s                UI away %6.2f s\n", "sentryctl restore", seconds(r.took), seconds(r.work), r.UI.Seconds())
	return r, nil
}

// peak follows the helper of a backup until it is asked for the most memory
// that was resident. The control group's own figure would count the cache of
// the files that it reads.
func (b *bench) peak(ctx context.Context) func() int64 {
	ctx, cancel := context.WithCancel(ctx)
	most := make(chan int64, 1)
	go func() {
		var peak int64
		pid := ""
		for ctx.Err() == nil {
			if pid == "" || pid == "0" {
				pid, _ = b.Docker.Output(ctx, "inspect", "-f", "{{.State.Pid}}", prefix+"-sentryctl-backup") // it may not be there yet
			}
			peak = max(peak, highWater(pid))
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
		most <- peak
	}()
	return func() int64 { cancel(); return <-most }
}

func highWater(pid string) int64 {
	status, _ := os.ReadFile(filepath.Join("/proc", pid, "status")) // it may be gone
	for line := range bytes.Lines(status) {
		if f := bytes.Fields(line); len(f) > 1 && string(f[0]) == "VmHWM:" {
			kb, _ := strconv.ParseInt(string(f[1]), 10, 64) // the kernel's own
			return kb << 10
		}
	}
	return 0
}

func mb(n int64) string { return fmt.Sprintf("%.0f MB", float64(n)/1e6) }
