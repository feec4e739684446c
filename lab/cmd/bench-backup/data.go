package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// fill makes the data: a quarter in PostgreSQL's heap, a half in files like
// ClickHouse's parts, a quarter in large objects.
func fill(ctx context.Context, o options) error {
	rows := o.megabytes * 250 // of about a KB
	err := psql(ctx, o, "CREATE TABLE IF NOT EXISTS bench (id bigserial PRIMARY KEY, data text)",
		fmt.Sprintf("INSERT INTO bench (data) SELECT string_agg(md5(random()::text), '') FROM generate_series(1, %d) i, generate_series(1, 30) GROUP BY i", rows))
	if err != nil {
		return err
	}
	if err := files(ctx, o, "clickhouse", o.megabytes*8, 64<<10, 0); err != nil {
		return err
	}
	return files(ctx, o, "seaweedfs", o.megabytes/32, 8<<20, 0)
}

// change makes one percent of the data new.
func change(ctx context.Context, o options) error {
	if err := psql(ctx, o, fmt.Sprintf("UPDATE bench SET data = reverse(data) WHERE id <= %d", o.megabytes*25/10)); err != nil {
		return err
	}
	return files(ctx, o, "clickhouse", o.megabytes*8/100, 64<<10, o.megabytes*8)
}

// files writes files that compress by half into a volume, past the services.
func files(ctx context.Context, o options, volume string, n, size, from int) error {
	out, err := exec.CommandContext(ctx, "docker", "volume", "inspect", "-f", "{{.Mountpoint}}", o.project+"-"+volume).Output()
	if err != nil {
		return fmt.Errorf("find volume %s: %w", volume, err)
	}
	random := rand.NewChaCha8([32]byte{byte(from), byte(size >> 10)})
	data := make([]byte, size)
	for i := from; i < from+n; i++ {
		if _, err := random.Read(data[:size/2]); err != nil {
			return err
		}
		dir := filepath.Join(strings.TrimSpace(string(out)), "bench", fmt.Sprint(i/100))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func psql(ctx context.Context, o options, statements ...string) error {
	for _, s := range statements {
		if err := command(ctx, "docker", "exec", o.project+"-postgres-1", "psql", "-U", "postgres", "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", s); err != nil {
			return err
		}
	}
	return nil
}

// write writes on and on. What fails while services are away is not counted.
func write(ctx context.Context, o options) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = psql(ctx, o, "INSERT INTO bench (data) SELECT md5(random()::text) FROM generate_series(1, 100)") // the stores may be away
		}
	}
}

// watch asks a page until the end, and says for how long it was away. An
// answer that takes over a second counts as none.
func watch(ctx context.Context, url string) (gap func() time.Duration) {
	ctx, cancel := context.WithCancel(ctx)
	total := make(chan time.Duration, 1)
	go func() {
		var away time.Duration
		client := http.Client{Timeout: time.Second}
		for last := time.Now(); ; {
			good := answers(ctx, client, url)
			now := time.Now()
			if ctx.Err() != nil {
				total <- away
				return
			}
			if !good {
				away += now.Sub(last)
			}
			last = now
			select {
			case <-ctx.Done():
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() time.Duration { cancel(); return <-total }
}

func answers(ctx context.Context, client http.Client, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode < http.StatusBadRequest
}
