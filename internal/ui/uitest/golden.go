package uitest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Golden compares got with testdata/<name>, or writes it with -update.
func Golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("read the golden file (write it with -update): %v", err)
	}
	if string(want) != got {
		t.Errorf("%s differs; look at it, then -update:\n%s", path, firstDifference(string(want), got))
	}
}

// firstDifference shows where two texts part, with what comes after.
func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	at := 0
	for at < len(w) && at < len(g) && w[at] == g[at] {
		at++
	}
	const shown = 12
	cut := func(lines []string) string {
		return strings.Join(lines[min(at, len(lines)):min(at+shown, len(lines))], "\n")
	}
	return fmt.Sprintf("from line %d on\nwant:\n%s\ngot:\n%s", at+1, cut(w), cut(g))
}
