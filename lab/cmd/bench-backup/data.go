package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	rowBytes    = 1000    // of a row in PostgreSQL's heap
	objectBytes = 8 << 20 // of a large object
)

// partFiles are the sizes of the files in one part, as ClickHouse writes them:
// marks and checksums, indexes, columns.
var partFiles = []int{300, 500, 700, 1 << 10, 1 << 10, 2 << 10, 2 << 10, 2 << 10, 4 << 10, 4 << 10, 8 << 10, 8 << 10, 16 << 10, 16 << 10, 24 << 10, 32 << 10, 48 << 10, 64 << 10, 96 << 10, 160 << 10}

func partBytes() (n int) {
	for _, size := range partFiles {
		n += size
	}
	return n
}

// fill makes the data: a quarter in PostgreSQL's heap, a half in parts, a
// quarter in large objects.
func (b *bench) fill(ctx context.Context) error {
	err := b.psql(ctx, "CREATE TABLE bench (id bigserial PRIMARY KEY, data text)",
		fmt.Sprintf("INSERT INTO bench (data) SELECT string_agg(md5(random()::text), '') FROM generate_series(1, %d) i, generate_series(1, 30) GROUP BY i", b.megabytes*1000/4*1000/rowBytes),
		"VACUUM FREEZE bench", "CHECKPOINT") // as old data is: what reads it first would write to it
	if err != nil {
		return err
	}
	if err := b.parts(ctx, 0, b.megabytes*1000/2*1000/partBytes()); err != nil {
		return err
	}
	return b.objects(ctx, 0, b.megabytes*1000/4*1000/objectBytes)
}

// change makes one hundredth of the data new, in the same shape.
func (b *bench) change(ctx context.Context) error {
	if err := b.psql(ctx, fmt.Sprintf("UPDATE bench SET data = reverse(data) WHERE id <= %d", b.megabytes*10/4*1000/rowBytes)); err != nil {
		return err
	}
	made := b.megabytes * 1000 / 2 * 1000 / partBytes()
	if err := b.parts(ctx, made, made+b.megabytes*10/2*1000/partBytes()); err != nil {
		return err
	}
	return b.objects(ctx, 1<<20, 1<<20+max(1, b.megabytes*10/4*1000/objectBytes))
}

// settle lets what was just written come to rest, as most of a site's data has
// by night: files of the last 40 s are read twice, as a clock's tick and the
// kernel's own memory may hide a change.
func settle(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(45 * time.Second):
		return nil
	}
}

// parts writes parts of these numbers into ClickHouse's volume, past it.
func (b *bench) parts(ctx context.Context, from, to int) error {
	return b.inVolume(ctx, "clickhouse", func(dir string) error {
		for i := from; i < to; i++ {
			part := filepath.Join(dir, "bench", fmt.Sprintf("%d_%d_0", i/500, i))
			if err := os.MkdirAll(part, 0o755); err != nil {
				return err
			}
			for k, size := range partFiles {
				if err := os.WriteFile(filepath.Join(part, fmt.Sprintf("column%d.bin", k)), content(uint64(i)<<8|uint64(k), size), 0o644); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func (b *bench) objects(ctx context.Context, from, to int) error {
	return b.inVolume(ctx, "seaweedfs", func(dir string) error {
		if err := os.MkdirAll(filepath.Join(dir, "bench"), 0o755); err != nil {
			return err
		}
		for i := from; i < to; i++ {
			if err := os.WriteFile(filepath.Join(dir, "bench", fmt.Sprint(i)), content(1<<40|uint64(i), objectBytes), 0o644); err != nil {
				return err
			}
		}
		return nil
	})
}

func (b *bench) inVolume(ctx context.Context, volume string, do func(dir string) error) error {
	dir, err := b.Docker.Output(ctx, "volume", "inspect", "-f", "{{.Mountpoint}}", prefix+"-"+volume)
	if err != nil {
		return fmt.Errorf("find volume %s: %w", volume, err)
	}
	return do(dir)
}

// content is what a compressed column looks like to gzip: of each KiB three
// quarters are noise, one is words.
func content(seed uint64, size int) []byte {
	noise := rand.NewPCG(seed, 7)
	data := make([]byte, 0, size+1024)
	for len(data) < size {
		for range 96 {
			data = append64(data, noise.Uint64())
		}
		data = append(data, words...)
	}
	return data[:size]
}

var words = strings.Repeat("GET /api/0/projects/ 200 production ", 8)[:256]

func append64(data []byte, n uint64) []byte {
	return append(data, byte(n), byte(n>>8), byte(n>>16), byte(n>>24), byte(n>>32), byte(n>>40), byte(n>>48), byte(n>>56))
}

func (b *bench) psql(ctx context.Context, statements ...string) error {
	for _, s := range statements {
		if _, err := b.Docker.Output(ctx, "exec", prefix+"-postgres-1", "psql", "-U", "postgres", "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", s); err != nil {
			return err
		}
	}
	return nil
}

// partWriter writes a part twice a second, inside ClickHouse's container, so
// that it rests when that does. It ends when its mark is gone.
const partWriter = `d=/var/lib/clickhouse/bench/live; mkdir -p $d; : >$d/writing; i=0
while [ -e $d/writing ]; do i=$((i+1)); mkdir $d/$i; for k in 1 2 3 4 5 6 7 8; do head -c 30000 /dev/urandom >$d/$i/$k.bin; done; sleep 0.5; done`

// write writes on and on until stop is called, which may be done twice.
func (b *bench) write(ctx context.Context) (stop func(), err error) {
	if _, err := b.Docker.Output(ctx, "exec", "-d", prefix+"-clickhouse-1", "sh", "-c", partWriter); err != nil {
		return nil, fmt.Errorf("write parts: %w", err)
	}
	host, err := b.Docker.Output(ctx, "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", prefix+"-postgres-1")
	if err != nil {
		return nil, err
	}
	writes, cancel := context.WithCancel(ctx)
	db, err := pgx.Connect(writes, "postgres://postgres@"+host+":5432/postgres?sslmode=disable")
	if err != nil {
		cancel()
		return nil, fmt.Errorf("write rows: %w", err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		defer db.Close(context.WithoutCancel(ctx))
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for writes.Err() == nil {
			if _, err := db.Exec(writes, "INSERT INTO bench (data) SELECT md5(random()::text) FROM generate_series(1, 100)"); err != nil && writes.Err() == nil {
				fmt.Fprintln(os.Stderr, "bench-backup: rows are written no more:", err)
				return
			}
			select {
			case <-writes.Done():
			case <-tick.C:
			}
		}
	}()
	return func() {
		cancel()
		<-over
		_ = b.inVolume(context.WithoutCancel(ctx), "clickhouse", func(dir string) error { // it also ends with its container
			return os.Remove(filepath.Join(dir, "bench", "live", "writing"))
		})
	}, nil
}
