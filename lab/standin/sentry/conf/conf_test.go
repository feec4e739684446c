package conf

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

func TestScan(t *testing.T) {
	env := map[string]string{"SET": "from-env"}
	cases := map[string]struct {
		src  string
		want map[string]any
	}{
		"last assignment wins":          {"A = 'one'\nA = \"two\"\n", map[string]any{"A": "two"}},
		"comments and blank lines":      {"# A = 'no'\n\nA = 'yes'  # B = 'no'\n", map[string]any{"A": "yes"}},
		"dict over lines":               {"A = {\n  'x': 'y',  # why\n  'n': {'d': 1},\n}\n", map[string]any{"A": map[string]any{"x": "y", "n": map[string]any{"d": "1"}}}},
		"subscript":                     {"A = {'x': '1', 'y': '2'}\nA['x'] = '3'\n", map[string]any{"A": map[string]any{"x": "3", "y": "2"}}},
		"deep subscript, nothing there": {"A['x']['y'] = True\n", map[string]any{"A": map[string]any{"x": map[string]any{"y": true}}}},
		"name assigned before":          {"A = {'k': 'v'}\nB = {'c': A}\nC = A['k']\n", map[string]any{"A": map[string]any{"k": "v"}, "B": map[string]any{"c": map[string]any{"k": "v"}}, "C": "v"}},
		"environment":                   {"A = env('SET', 'd')\nB = os.environ.get('UNSET', 'd')\nC = os.environ['SET']\nD = env('UNSET') or 'e'\n", map[string]any{"A": "from-env", "B": "d", "C": "from-env", "D": "e"}},
		"indented lines are not ours":   {"def f():\n    A = 'no'\nif x:\n    A = 'no'\n", map[string]any{}},
		"joined and triple strings":     {"A = ('a'\n 'b')\nB = \"\"\"x\nA = 'no'\n\"\"\"\n", map[string]any{"A": "ab", "B": "x\nA = 'no'\n"}},
		"tuples and lists":              {"A = ('a', 'b')\nB = ['c',]\nC = ('d',)\nD = ()\n", map[string]any{"A": []any{"a", "b"}, "B": []any{"c"}, "C": []any{"d"}, "D": []any{}}},
		"what only Python knows":        {"A = f'{x}'\nB = {'k': f(1, [2]), 'j': 'v', 'i': 1 if x else 2}\nC = 'a' + b\nD = 'fine'\n", map[string]any{"A": Unknown{}, "B": map[string]any{"k": Unknown{}, "j": "v", "i": Unknown{}}, "C": Unknown{}, "D": "fine"}},
		"no assignments":                {"A == 'x'\nA += 'y'\nfrom a import *\nA.update({'x': 'y'})\nf(\nA='x')\n", map[string]any{}},
		"annotation and backslash":      {"A: str = \\\n  'x'\n", map[string]any{"A": "x"}},
		"set and comprehension":         {"A = {'x', 'y'}\nB = {k: True for k in ('a', 'b')}\nC = 'c'\n", map[string]any{"A": Unknown{}, "B": map[string]any{}, "C": "c"}},
		"never closed":                  {"A = 'x'\nB = {'k': 'v',\n", map[string]any{"A": "x", "B": map[string]any{"k": "v"}}},
		"escapes and raw":               {`A = "a\"b\\c"` + "\n" + `B = r"a\b"` + "\n", map[string]any{"A": `a"b\c`, "B": `a\b`}},
	}
	for n, c := range cases {
		t.Run(n, func(t *testing.T) {
			got := Scan(c.src, func(k string) string { return env[k] })
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("scan (-want +got):\n%s", diff)
			}
		})
	}
}

const confPy = `
from sentry.conf.server import *  # NOQA
DATABASES = {"default": {"ENGINE": "sentry.db.postgres", "NAME": "postgres", "USER": "postgres", "PASSWORD": "", "HOST": "pgbouncer", "PORT": ""}}
SENTRY_NODESTORE = "sentry_nodestore_s3.S3PassthroughDjangoNodeStorage"
SENTRY_NODESTORE_OPTIONS = {
    "compression": True, "endpoint_url": "http://seaweedfs:8333", "bucket_path": "nodestore", "bucket_name": "nodestore",
    "region_name": "us-east-1", "aws_access_key_id": "sentry", "aws_secret_access_key": "sentry", "read_through": True,
}
DEFAULT_KAFKA_OPTIONS = {"bootstrap.servers": "kafka:9092", "message.max.bytes": 50000000}
`

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "sentry.conf.py"), confPy)
	write(t, filepath.Join(dir, "config.yml"), "system.secret-key: 'abc'\nsystem.url-prefix: https://sentry.example.com/\nfilestore.options:\n  location: /data\n")
	got, err := Load(testProc(map[string]string{"SENTRY_CONF": dir, "STANDIN_VERSION": "25.10.0"}))
	if err != nil {
		t.Fatal(err)
	}
	want := Settings{
		Version:  "25.10.0",
		Database: Database{Host: "pgbouncer", Port: "5432", Name: "postgres", User: "postgres"},
		S3: &S3{Endpoint: "http://seaweedfs:8333", Bucket: "nodestore", Path: "nodestore", Region: "us-east-1",
			Access: "sentry", Secret: "sentry", ReadThrough: true},
		Brokers: []string{"kafka:9092"}, Snuba: "http://snuba-api:1218", SecretKey: "abc", URLPrefix: "https://sentry.example.com",
		Options: map[string]string{"system.secret-key": "abc", "system.url-prefix": "https://sentry.example.com/"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

func TestLoadRefuses(t *testing.T) {
	cases := map[string]struct{ py, yml, want string }{
		"no sentry.conf.py":      {"", "system.secret-key: x\n", "does not exist"},
		"the placeholder as key": {confPy, "system.secret-key: '!!changeme!!'\n", "secret-key"},
		"no key":                 {confPy, "mail.host: smtp\n", "secret-key"},
		"broken YAML":            {confPy, "a: [\n", "Malformed"},
	}
	for n, c := range cases {
		t.Run(n, func(t *testing.T) {
			dir := t.TempDir()
			if c.py != "" {
				write(t, filepath.Join(dir, "sentry.conf.py"), c.py)
			}
			write(t, filepath.Join(dir, "config.yml"), c.yml)
			_, err := Load(testProc(map[string]string{"SENTRY_CONF": dir}))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func testProc(env map[string]string) *proc.Proc {
	return &proc.Proc{Role: "sentry", Getenv: func(k string) string { return env[k] }}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
