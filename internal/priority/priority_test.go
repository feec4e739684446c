package priority_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sentryctl/sentryctl/internal/priority"
)

// The process that changes its priority is one of its own: it may not be able
// to take it back.
func TestMain(m *testing.M) {
	if os.Getenv("TEST_PRIORITY") == "" {
		os.Exit(m.Run())
	}
	if err := walk(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// walk goes down and up again, and looks at every thread.
func walk() error {
	for _, p := range []priority.Priority{{Nice: 7, IO: priority.BestEffort}, {Nice: 19, IO: priority.Idle}, {}} {
		err := p.Take()
		if errors.Is(err, unix.EACCES) && p.Nice == 0 {
			fmt.Println("may not go up again")
			return nil
		}
		if err != nil {
			return err
		}
		if got, err := priority.Mine(); err != nil || got != p {
			return fmt.Errorf("got %+v, %w, want %+v", got, err, p)
		}
		threads, err := filepath.Glob("/proc/self/task/*/stat")
		if err != nil || len(threads) < 2 {
			return fmt.Errorf("%d threads, %w", len(threads), err)
		}
		for _, path := range threads {
			stat, err := os.ReadFile(path)
			if err != nil {
				continue // it has ended
			}
			_, after, _ := strings.Cut(string(stat), ") ")
			if nice := strings.Fields(after)[16]; nice != fmt.Sprint(p.Nice) {
				return fmt.Errorf("%s: nice %s, want %d", path, nice, p.Nice)
			}
		}
	}
	return nil
}

func TestTake(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "TEST_PRIORITY=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

func TestWeights(t *testing.T) {
	var got []string
	for _, p := range []priority.Priority{{}, {Nice: 10, IO: priority.Idle}, {Nice: 19, IO: priority.BestEffort}, {Nice: -5}} {
		got = append(got, fmt.Sprint(p.Low(), p.Shares(), p.DiskWeight()))
	}
	if want := []string{"false 1024 500", "true 110 10", "true 15 100", "false 1024 500"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
