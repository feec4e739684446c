package labtest

import (
	"os"
	"testing"
)

func TestProcessOf(t *testing.T) {
	tests := map[string]struct {
		prefix string
		pid    int
	}{
		"sentryctl-lab-t123-4-kafka-1": {"sentryctl-lab-t123", 123},
		"sentryctl-lab-t123-4_sentry":  {"sentryctl-lab-t123", 123},
		"sentryctl-lab-postgres":       {"", 0},
		"sentryctl-lab-test-x":         {"", 0},
		"other":                        {"", 0},
	}
	for name, want := range tests {
		prefix, pid := processOf(name)
		if prefix != want.prefix || pid != want.pid {
			t.Errorf("%s: got %q and %d, want %q and %d", name, prefix, pid, want.prefix, want.pid)
		}
	}
}

func TestAlive(t *testing.T) {
	if !alive(os.Getpid()) {
		t.Error("this process is taken for dead")
	}
}
