package envfile

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/google/go-cmp/cmp"
)

func TestQuoteReadsBackInCompose(t *testing.T) {
	alphabet := []rune("aZ09 \t\n'\"\\$#`{}!=:;é€&|<>*?~()[]%n0")
	random := rand.New(rand.NewPCG(1, 2))
	values := []string{"", " ", "a b", "it's", `"`, `\`, `\\`, `a\'`, "$HOME", "${X:-y}", "$$", "a #b", "#", "l1\nl2", `'"`, "`id`", "'`id`$", `\n`, `'\n`, `'\`, `'\\"`}
	for range 3000 {
		v := make([]rune, random.IntN(12))
		for i := range v {
			v[i] = alphabet[random.IntN(len(alphabet))]
		}
		values = append(values, string(v))
	}
	for _, v := range values {
		src := "BEFORE=1\nKEY=" + Quote(v) + "\nAFTER='2'\n"
		want := map[string]string{"BEFORE": "1", "KEY": v, "AFTER": "2"}
		got, err := dotenv.Parse(bytes.NewReader([]byte(src)))
		if err != nil {
			t.Fatalf("Compose refuses %q: %v", src, err)
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Fatalf("Compose reads %q otherwise (-got +want):\n%s", src, diff)
		}
		own, err := Parse([]byte(src))
		if err != nil {
			t.Fatalf("%q: %v", src, err)
		}
		if diff := cmp.Diff(own.Values(), want); diff != "" {
			t.Fatalf("we read %q otherwise (-got +want):\n%s", src, diff)
		}
	}
}

func TestParse(t *testing.T) {
	src := "# c\nA=1\nexport B = two words # note\n\nC='x\ny'\nD\nE=\"a\\nb\"\nA=3\n"
	f, err := Parse([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"A": "3", "B": "two words", "C": "x\ny", "D": "", "E": "a\nb"}
	if diff := cmp.Diff(f.Values(), want); diff != "" {
		t.Errorf("values (-got +want):\n%s", diff)
	}
	if got, want := f.Entries[3].Line, 7; got != want {
		t.Errorf("line of D: got %d, want %d", got, want)
	}
	if got, want := string(f.Without("A", "C")), "# c\nexport B = two words # note\n\nD\nE=\"a\\nb\"\n"; got != want {
		t.Errorf("without: got %q, want %q", got, want)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"open quote":  {"A=1\nB='x\n", "line 2: B: the quoted value has no end"},
		"no name":     {"=x\n", "line 1: not of the form NAME=value"},
		"strange key": {"a b=x\n", "line 1: not of the form NAME=value"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse([]byte(c.src)); err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"A=1\n", "A='x\\'", "export B: \"\\0140\"", "\ufeffA=$$b #c\n#x", "A\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		file, err := Parse(src)
		if err != nil {
			return
		}
		for _, e := range file.Entries {
			if e.start < 0 || e.end > len(file.src) || e.start >= e.end {
				t.Fatalf("bounds of %q: %d, %d", e.Key, e.start, e.end)
			}
		}
		if got := file.Without(); string(got) != file.src {
			t.Fatalf("got %q, want %q", got, file.src)
		}
	})
}
