package yamltext

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

func TestSet(t *testing.T) {
	cases := []struct {
		name, src string
		edits     []Edit
		want      string
	}{
		{"replaces and keeps the rest", "# head\na.b: 'x' # why\nother:   [1,\n  2]\n", []Edit{{[]string{"a.b"}, "y"}},
			"# head\na.b: 'y' # why\nother:   [1,\n  2]\n"},
		{"same value stays as written", "a.b: \"x\"\n", []Edit{{[]string{"a.b"}, "x"}}, "a.b: \"x\"\n"},
		{"goes below its example", "# mail.port: 25\n# mail.user: ''\nz: 1\n", []Edit{{[]string{"mail.port"}, 587}},
			"# mail.port: 25\nmail.port: 587\n# mail.user: ''\nz: 1\n"},
		{"an example inside a value is none", "k: |\n  x\n# a: 1\nz: 1\n", []Edit{{[]string{"a"}, true}}, "k: |\n  x\n# a: 1\na: true\nz: 1\n"},
		{"appends", "z: 1", []Edit{{[]string{"a"}, []string{"x", "y"}}}, "z: 1\na:\n  - 'x'\n  - 'y'\n"},
		{"empty file", "# nothing\n", []Edit{{[]string{"a"}, 1}}, "# nothing\na: 1\n"},
		{"replaces a mapping", "m:\n  a: 1\n  # inside\n  b: 2\n# outside\nz: 1\n", []Edit{{[]string{"m"}, map[string]any{"c": 3}}},
			"m:\n  c: 3\n# outside\nz: 1\n"},
		{"replaces a list at the key's depth", "m:\n- 1\n- 2\nz: 1\n", []Edit{{[]string{"m"}, "x"}}, "m: 'x'\nz: 1\n"},
		{"replaces a literal", "m: |\n  # no comment\n  x\n\nz: 1\n", []Edit{{[]string{"m"}, "x\ny\n"}}, "m: |\n  x\n  y\n\nz: 1\n"},
		{"nested", "relay:\n  port: 1 # p\n  # tail\nz: 1\n", []Edit{{[]string{"relay", "port"}, 2}, {[]string{"relay", "host"}, "h"}, {[]string{"new", "a", "b"}, 1}},
			"relay:\n  port: 2 # p\n  host: 'h'\n  # tail\nz: 1\nnew:\n  a:\n    b: 1\n"},
		{"nested in flow", "relay: {port: 1}\n", []Edit{{[]string{"relay", "host"}, "h"}}, "relay:\n  host: 'h'\n  port: 1\n"},
		{"words of YAML 1.1", "a: 1\n", []Edit{{[]string{"a"}, "no"}}, "a: 'no'\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := Set([]byte(c.src), c.edits)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(got), c.want); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
			again, err := Set(got, c.edits)
			if err != nil || string(again) != string(got) {
				t.Errorf("second time: got %q, %v", again, err)
			}
		})
	}
}

func TestSetRefuses(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"twice":        {"a: 1\na: 2\n", "set a: line 2: a is given twice, first on line 1"},
		"list":         {"- 1\n", "set a: line 1: not a mapping"},
		"two":          {"b: 1\n---\nb: 2\n", "set a: line 2: a second YAML document"},
		"flow":         {"{b: 1}\n", "set a: the file is one flow mapping {…}"},
		"shared value": {"b: &x 1\nc: *x\na: &y 2\nd: *y\n", "set a: the file writes a in a way that cannot be edited safely"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Set([]byte(c.src), []Edit{{[]string{"a"}, 7}})
			if err == nil || err.Error() != c.want {
				t.Errorf("got %q, %v, want %s", got, err, c.want)
			}
		})
	}
}

func TestAnyStringReadsBack(t *testing.T) {
	alphabet := []rune("aZ0 \t\n\r'\"\\$#{}[]!&*:,-?|>%@`~é€\u0085\u00a0\u2028\ufeff\x07")
	random := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		v := make([]rune, random.IntN(10))
		for i := range v {
			v[i] = alphabet[random.IntN(len(alphabet))]
		}
		out, err := Set([]byte("# a\nx: 1\nz:\n  y: 2\n"), []Edit{{[]string{"x"}, string(v)}, {[]string{"z", "w"}, string(v)}})
		if err != nil {
			t.Fatalf("%q: %v", string(v), err)
		}
		var got any
		if err := yaml.Unmarshal(out, &got); err != nil {
			t.Fatalf("%q: %v", out, err)
		}
		want := map[string]any{"x": string(v), "z": map[string]any{"y": 2, "w": string(v)}}
		if diff := cmp.Diff(got, any(want)); diff != "" {
			t.Fatalf("%q (-got +want):\n%s", out, diff)
		}
	}
}

func FuzzSet(f *testing.F) {
	f.Add([]byte("a: 1\n"), "v")
	f.Add([]byte("a: |\n  x\n b: 2\n"), "'")
	f.Fuzz(func(t *testing.T, src []byte, v string) {
		out, err := Set(src, []Edit{{[]string{"a"}, v}})
		if err != nil {
			return
		}
		again, err := Set(out, []Edit{{[]string{"a"}, v}})
		if err != nil || string(again) != string(out) {
			t.Fatalf("second time: %q, %q, %v", out, again, err)
		}
	})
}
