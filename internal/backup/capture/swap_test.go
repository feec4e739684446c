package capture

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// pair makes two directories with a file that says which is which.
func pair(t *testing.T) (used, waiting string) {
	t.Helper()
	dir := t.TempDir()
	used, waiting = filepath.Join(dir, "used"), filepath.Join(dir, "waiting")
	for _, d := range []string{used, waiting} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(d, "was"), []byte(filepath.Base(d)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return used, waiting
}

func TestSwapCanBeRepeated(t *testing.T) {
	used, waiting := pair(t)
	req := SwapRequest{Mark: "m", Pairs: []Pair{{Used: used, Waiting: waiting}}}
	if err := Swap(req); fault.CodeOf(err) != fault.Integrity {
		t.Fatalf("a replacement that is not complete: %v", err)
	}
	if err := mark(waiting, "m"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := Swap(req); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(filepath.Join(used, "was")); string(got) != "waiting" {
			t.Errorf("in use is %q", got)
		}
	}
}

// An exchange is taken back once, and only where it was made.
func TestSwapIsTakenBack(t *testing.T) {
	for _, made := range []bool{false, true} {
		used, waiting := pair(t)
		if made {
			if err := Swap(SwapRequest{Mark: "m", Complete: true, Pairs: []Pair{{Used: used, Waiting: waiting}}}); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if err := Swap(SwapRequest{Mark: "back", Over: "m", Complete: true, Pairs: []Pair{{Used: used, Waiting: waiting}}}); err != nil {
				t.Fatal(err)
			}
			if got, _ := os.ReadFile(filepath.Join(used, "was")); string(got) != "used" {
				t.Errorf("made before: %t; in use is %q", made, got)
			}
		}
	}
}

// What somebody vouches for needs no mark, and changes places once.
func TestSwapOfWhatIsVouchedFor(t *testing.T) {
	used, waiting := pair(t)
	for range 2 {
		if err := Swap(SwapRequest{Mark: "m", Complete: true, Pairs: []Pair{{Used: used, Waiting: waiting}}}); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(filepath.Join(used, "was")); string(got) != "waiting" {
			t.Errorf("in use is %q", got)
		}
	}
}
