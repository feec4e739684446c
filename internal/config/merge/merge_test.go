package merge

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
)

func TestFiles(t *testing.T) {
	base := "a\nb\nc\nd\ne\n"
	cases := []struct {
		name, base, theirs, mine string
		resolve                  Resolve
		want                     string
		conflicts                []Conflict
	}{
		{"nothing edited", base, "x\n", base, Stop, "x\n", nil},
		{"release unchanged", base, base, "mine", Stop, "mine", nil},
		{"both the same", base, "x\n", "x\n", Stop, "x\n", nil},
		{"far apart", base, "A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n", Stop, "A\nb\nc\nd\nE\n", nil},
		{"removed and added", base, "b\nc\nd\ne\n", "a\nb\nc\nnew\nd\ne\n", Stop, "b\nc\nnew\nd\ne\n", nil},
		{"added at the end without line end", base, "0\n" + base, base + "f", Stop, "0\n" + base + "f", nil},
		{"same line", base, "a\nB\nc\nd\ne\n", "a\nbb\nc\nd\ne\n", Stop, "", []Conflict{{File: "f", Line: 2, Base: []string{"b"}, Theirs: []string{"B"}, Mine: []string{"bb"}}}},
		{"same line, mine wins", base, "a\nB\nc\nd\ne\n", "a\nbb\nc\nd\ne\n", Mine, "a\nbb\nc\nd\ne\n", []Conflict{{File: "f", Line: 2, Base: []string{"b"}, Theirs: []string{"B"}, Mine: []string{"bb"}}}},
		{"same line, theirs wins", base, "a\nB\nc\nd\ne\n", "a\nbb\nc\nd\ne\n", Theirs, "a\nB\nc\nd\ne\n", []Conflict{{File: "f", Line: 2, Base: []string{"b"}, Theirs: []string{"B"}, Mine: []string{"bb"}}}},
		{"edited where removed", base, "a\nc\nd\ne\n", "a\nbb\nc\nd\ne\n", Stop, "", []Conflict{{File: "f", Line: 2, Base: []string{"b"}, Mine: []string{"bb"}}}},
		{"new on both sides", "", "x\n", "y\n", Stop, "", []Conflict{{File: "f", Line: 1, Theirs: []string{"x"}, Mine: []string{"y"}}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, conflicts := Files(Input{File: "f", Base: []byte(c.base), Theirs: []byte(c.theirs), Mine: []byte(c.mine), Resolve: c.resolve})
			if diff := cmp.Diff(string(got), c.want); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
			if diff := cmp.Diff(conflicts, c.conflicts); diff != "" {
				t.Errorf("conflicts (-got +want):\n%s", diff)
			}
		})
	}
}

// edit changes a few lines of base; every line it writes is its own.
func edit(r *rand.Rand, base []string, who string) []string {
	out := slices.Clone(base)
	for i := range r.IntN(4) {
		fresh := fmt.Sprintf("%s %d %d", who, i, r.Uint32())
		switch at := r.IntN(len(out) + 1); {
		case at == len(out) || r.IntN(3) == 0:
			out = slices.Insert(out, at, fresh)
		case r.IntN(2) == 0:
			out[at] = fresh
		default:
			out = slices.Delete(out, at, at+1)
		}
	}
	return out
}

// TestNoEditIsLost: every line that the admin wrote is in the result or in a
// conflict, every line that they removed is gone or in a conflict.
func TestNoEditIsLost(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	join := func(l []string) []byte { return []byte(strings.Join(l, "\n") + "\n") }
	for round := range 5000 {
		base := make([]string, r.IntN(12))
		for i := range base {
			base[i] = fmt.Sprint("line ", i)
			if r.IntN(3) == 0 {
				base[i] = "" // lines that repeat are the hard ones
			}
		}
		theirs, mine := edit(r, base, "theirs"), edit(r, base, "mine")
		merged, conflicts := Files(Input{File: "f", Base: join(base), Theirs: join(theirs), Mine: join(mine), Resolve: Stop})
		if merged == nil && len(conflicts) == 0 && len(theirs) > 0 {
			t.Fatalf("round %d: no result and no conflict", round)
		}
		for _, c := range conflicts {
			if len(c.Mine) > 0 && !slices.Equal(c.Mine, mine[c.Line-1:c.Line-1+len(c.Mine)]) {
				t.Fatalf("round %d: the conflict on line %d shows %q, mine is %q", round, c.Line, c.Mine, mine)
			}
		}
		result := strings.Split(string(merged), "\n")
		for _, line := range mine {
			if strings.HasPrefix(line, "mine") && merged != nil && !slices.Contains(result, line) {
				t.Fatalf("round %d: %q was lost\nbase %q\ntheirs %q\nmine %q\ngot %q", round, line, base, theirs, mine, result)
			}
		}
		for _, line := range base {
			if merged != nil && line != "" && !slices.Contains(mine, line) && slices.Contains(result, line) {
				t.Fatalf("round %d: %q came back\nbase %q\ntheirs %q\nmine %q\ngot %q", round, line, base, theirs, mine, result)
			}
			if merged != nil && line != "" && !slices.Contains(theirs, line) && slices.Contains(result, line) {
				t.Fatalf("round %d: %q of the old release stayed\nbase %q\ntheirs %q\nmine %q\ngot %q", round, line, base, theirs, mine, result)
			}
		}
		for _, line := range theirs {
			if strings.HasPrefix(line, "theirs") && merged != nil && !slices.Contains(result, line) {
				t.Fatalf("round %d: %q of the release was lost", round, line)
			}
		}
	}
}

// TestNeighbouringReleases merges every file of each pair of releases at hand.
func TestNeighbouringReleases(t *testing.T) {
	const dir = "../../../../shared/releases"
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Skipf("no release trees at hand: %v", err)
	}
	var versions []calver.Version
	for _, d := range list {
		if v, err := calver.Parse(d.Name()); err == nil {
			versions = append(versions, v)
		}
	}
	slices.SortFunc(versions, calver.Version.Compare)
	for i := 1; i < len(versions); i++ {
		from, to := filepath.Join(dir, versions[i-1].String()), filepath.Join(dir, versions[i].String())
		for _, name := range []string{".env", "docker-compose.yml", "nginx.conf", "nginx/nginx.conf", "sentry/config.example.yml", "relay/config.example.yml", "clickhouse/config.xml"} {
			base, errBase := os.ReadFile(filepath.Join(from, name))
			theirs, errTheirs := os.ReadFile(filepath.Join(to, name))
			if errBase != nil || errTheirs != nil {
				continue // not in both
			}
			t.Run(filepath.Base(from)+" to "+filepath.Base(to)+" "+name, func(t *testing.T) { neighbours(t, name, base, theirs) })
		}
	}
}

func neighbours(t *testing.T, name string, base, theirs []byte) {
	if got, c := Files(Input{File: name, Base: base, Theirs: theirs, Mine: base}); string(got) != string(theirs) || len(c) > 0 {
		t.Error("an unedited file is not the release's")
	}
	mine := string(base) + "# mine\n"
	got, c := Files(Input{File: name, Base: base, Theirs: theirs, Mine: []byte(mine), Resolve: Mine})
	if !strings.Contains(string(got), "# mine\n") {
		t.Errorf("the line at the end was lost: %v", c)
	}
	// On a line that the release changed, an edit conflicts.
	b, th := lines(base), lines(theirs)
	for i, to := range match(b, th) {
		if to >= 0 || i == 0 {
			continue
		}
		edited := slices.Clone(b)
		edited[i] = "# mine\n"
		if got, c := Files(Input{File: name, Base: base, Theirs: theirs, Mine: []byte(strings.Join(edited, "")), Resolve: Stop}); len(c) != 1 || got != nil {
			t.Errorf("edit of line %d, which the release changed: got %d conflicts, want 1", i+1, len(c))
		}
		return
	}
}
