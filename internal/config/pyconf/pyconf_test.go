package pyconf

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCheck(t *testing.T) {
	cases := []struct{ name, src, want string }{
		{"empty", "", ""},
		{"comment without line end", "# '", ""},
		{"strings", "a = 'x' \"y\" '''z\n'\n''' r'\\'' b\"\\\"\" Rb'\\\\' u'#'\n", ""},
		{"formatted", "a = f'{x!r:>{w}}' f\"{d[\"k\"]}{{\" f'{x:\"^10}' F'''{\n{'a': 1}['a']\n}'''\n", ""},
		{"brackets", "a = [\n  (1, {2: ']'}), # )\n]\n", ""},
		{"continued", "a = 1 + \\\n  2\n", ""},
		{"a body last", "if x:\n    y = 1", ""},
		{"carriage returns", "a = 1\r\nb = '''\r\n'''\r\n", ""},
		{"open string", "a = 1\nb = 'x\n", "line 2: a string that does not end on its line"},
		{"open triple", "a = 1\nb = '''x\n", "line 2: a string that does not end"},
		{"raw string cannot end in a backslash", `a = r'\'` + "\n", "line 1: a string that does not end on its line"},
		{"open bracket", "a = [1,\n", "line 2: the file ends inside an open ["},
		{"wrong bracket", "a = [1)\n", "line 1: a ) that nothing opened"},
		{"continued at the end", "a = 1 \\\n", "line 1: the file ends in a continued line"},
		{"stray backslash", "a = 1 \\ \n", "line 1: a backslash that does not end its line"},
		{"header at the end", "if x:\n    a = 1\nelse: # why\n\n", "line 3: the last statement has no body"},
		{"decorator at the end", "@f(\n  1)\n", "line 1: a decorator that decorates nothing"},
		{"zero byte", "a\n\x00", "line 2: a zero byte"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			if err := Check([]byte(c.src)); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestSetBlock(t *testing.T) {
	block := Begin + "\nX = 1\n" + End + "\n"
	cases := []struct{ name, src, want string }{
		{"appended", "a = 1", "a = 1\n\n" + block},
		{"empty file", "", block},
		{"replaced in place", "a = 1\n" + Begin + "\nold = [\n]\n" + End + "\nb = 2\n", "a = 1\n" + block + "b = 2\n"},
		{"marks in a string are none", "a = '''\n" + Begin + "\n" + End + "\n'''\n", "a = '''\n" + Begin + "\n" + End + "\n'''\n\n" + block},
		{"carriage returns", "a = 1\r\n", "a = 1\r\n\r\n" + strings.ReplaceAll(block, "\n", "\r\n")},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := SetBlock([]byte(c.src), []string{"X = 1"})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(got), c.want); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
			again, err := SetBlock(got, []string{"X = 1"})
			if err != nil || !bytes.Equal(again, got) {
				t.Errorf("second time: got %q, %v", again, err)
			}
		})
	}
}

func TestSetBlockRefuses(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"no end":        {Begin + "\n", "line 1: a block of sentryctl that has no end"},
		"twice":         {Begin + "\n" + End + "\n" + Begin + "\n" + End + "\n", "line 3: a second block of sentryctl"},
		"inside a body": {"if x:\n    a = 1\n" + Begin + "\n" + End + "\n    b = 2\n", "line 5: the block of sentryctl stands in the middle of a statement"},
		"before else":   {"if x:\n    a = 1\n" + Begin + "\n" + End + "\nelse:\n    b = 2\n", "line 5: the block of sentryctl stands in the middle of a statement"},
		"in a bracket":  {"a = [\n" + Begin + "\n" + End + "\n", "line 4: the file ends inside an open ["},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := SetBlock([]byte(c.src), []string{"X = 1"})
			if err == nil || err.Error() != c.want {
				t.Errorf("got %q, %v, want %s", got, err, c.want)
			}
		})
	}
}

func TestFollows(t *testing.T) {
	for src, want := range map[string]int{"a = 1\n": 0, Begin + "\n" + End + "\n# c\n": 0, Begin + "\n" + End + "\n\nb = 2\n": 4} {
		if got, err := Follows([]byte(src)); err != nil || got != want {
			t.Errorf("%q: got %d, %v, want %d", src, got, err, want)
		}
	}
}

// TestLiteralInPython lets Python itself read random values back.
func TestLiteralInPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skipf("python3 is not installed: %v", err)
	}
	alphabet := []rune("aZ0 \t\n\r'\"\\#{}[]()%€😀\u2028\x07")
	random := rand.New(rand.NewPCG(5, 6))
	var want []any
	for range 500 {
		v := make([]rune, random.IntN(10))
		for i := range v {
			v[i] = alphabet[random.IntN(len(alphabet))]
		}
		want = append(want, string(v))
	}
	want = append(want, true, false, nil, 1.5, -3.0, map[string]any{"k'": []any{"v"}})
	text, err := Literal(want)
	if err != nil {
		t.Fatal(err)
	}
	src, err := SetBlock([]byte("x = '''\n'''"), []string{"VALUE = " + text})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", "import sys, json\nd = {}\nexec(compile(sys.stdin.buffer.read(), 'conf', 'exec'), d)\nprint(json.dumps(d['VALUE']))")
	cmd.Stdin = bytes.NewReader(src)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("python3: %v", err)
	}
	var got []any
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func FuzzSetBlock(f *testing.F) {
	for _, s := range []string{"a = f'{x:{y}}'\n", "if a:\n  b\n" + Begin + "\nx\n" + End + "\nc\n", "a = r'\\", "\\\r\n", "\ufeff#"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		out, err := SetBlock(src, []string{"X = {", "}"})
		if err != nil {
			return
		}
		again, err := SetBlock(out, []string{"X = {", "}"})
		if err != nil || !bytes.Equal(again, out) {
			t.Fatalf("second time: %q, %q, %v", out, again, err)
		}
		if before, after, _, err := split(src); err != nil || !bytes.HasPrefix(out, before) || !bytes.HasSuffix(out, after) {
			t.Fatalf("bytes outside of the block changed: %q, %q, %v", src, out, err)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	src := []byte(strings.Repeat("NAME = {\"key\": f\"{value!r}\", 'list': [1, 2, 3]}  # why\n", 5000))
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		if err := Check(src); err != nil {
			b.Fatal(err)
		}
	}
}
