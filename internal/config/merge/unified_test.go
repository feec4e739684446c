package merge

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUnified(t *testing.T) {
	long := strings.Split("abcdefghijklmnopqrstuvwxyz", "")
	text := func(edits map[int]string) string {
		out := append([]string{}, long...)
		for i, v := range edits {
			out[i] = v
		}
		return strings.Join(out, "\n") + "\n"
	}
	for name, c := range map[string]struct{ old, new string }{
		"a line":            {text(nil), text(map[int]string{10: "K"})},
		"near each other":   {text(nil), text(map[int]string{10: "K", 17: "R"})},
		"far apart":         {text(nil), text(map[int]string{2: "C", 20: "U"})},
		"at both ends":      {text(nil), text(map[int]string{0: "A", 25: "Z"})},
		"a new file":        {"", "a\nb\n"},
		"an emptied file":   {"a\n", ""},
		"no last line end":  {"a\nb", "a\nc"},
		"added at the end":  {"a\nb\n", "a\nb\nc\n"},
		"more than context": {text(nil), text(map[int]string{10: "K\nL\nM", 18: "S"})},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, _ := Unified(Diff{Old: []byte(c.old), New: []byte(c.new), OldName: "a", NewName: "b"})
			if want := publicDiff(t, c.old, c.new); got != want {
				t.Errorf("not as diff -u writes it (-got +want):\n%s", cmp.Diff(got, want))
			}
		})
	}
	if got, added, removed := Unified(Diff{Old: []byte("a\n"), New: []byte("a\n")}); got != "" || added+removed != 0 {
		t.Errorf("of equal texts: %q", got)
	}
}

// publicDiff is what diff -u of the machine writes.
func publicDiff(t *testing.T, old, new string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"a": old, "b": new} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := exec.LookPath("diff"); err != nil {
		t.Skipf("no diff on this machine to compare with: %v", err)
	}
	out, _ := exec.Command("diff", "-u", "--label", "a", "--label", "b", filepath.Join(dir, "a"), filepath.Join(dir, "b")).Output()
	return string(out)
}

func TestUnifiedComparesWhatItDoesNotShow(t *testing.T) {
	got, added, removed := Unified(Diff{Old: []byte("k: one\n"), New: []byte("k: two\n"), OldName: "f", NewName: "f", Shown: func(string) string { return "k: ***" }})
	want := "--- f\n+++ f\n@@ -1 +1 @@\n-k: ***\n+k: ***\n"
	if got != want || added != 1 || removed != 1 {
		t.Errorf("got %q, %d, %d", got, added, removed)
	}
}
