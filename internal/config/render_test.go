package config

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/internal/calver"
)

const testKey = "abcdefghij0123456789ABCDEFGHIJ0123456789abcdefghij"

// tree is a small release with its examples.
func tree() fstest.MapFS {
	return fstest.MapFS{
		".env":                            {Data: []byte("COMPOSE_PROFILES=feature-complete\nSENTRY_BIND=9000\nSENTRY_EVENT_RETENTION_DAYS=90\n# SENTRY_MAIL_HOST=example.com\n")},
		"sentry/config.example.yml":       {Data: []byte("# Mail\n# mail.port: 25\nmail.host: 'smtp'\nsystem.secret-key: '!!changeme!!' # keep\nfilestore.options:\n  location: '/data/files'\n")},
		"sentry/sentry.conf.example.py":   {Data: []byte("from sentry.conf.server import *  # NOQA\nDATABASES = {\n    \"default\": {\"HOST\": \"postgres\"},\n}\n")},
		"relay/config.example.yml":        {Data: []byte("relay:\n  port: 3000\n")},
		"symbolicator/config.example.yml": {Data: []byte("bind: 0.0.0.0:3021\n")},
		"sentry/requirements.example.txt": {Data: []byte("# none\n")},
	}
}

// rich are answers with something in every group.
func rich() Answers {
	return Answers{
		Profile: ErrorsOnly, Bind: "127.0.0.1:9100", URL: "https://sentry.example.com", RetentionDays: 30,
		Admin:  Admin{Email: "admin@example.com", Password: NewSecret("admin-pass")},
		Mail:   Mail{Backend: "smtp", Domain: "example.com", From: "Sentry <s@example.com>", ListNamespace: "example.com", Host: "mail.example.com", Port: 587, Username: "u", Password: NewSecret("it's a $ecret #1"), UseTLS: true},
		GeoIP:  GeoIP{Account: "123456", License: NewSecret("license-1")},
		Proxy:  Proxy{HTTP: "http://proxy:3128", NoProxy: "localhost,10.0.0.0/8"},
		AirGap: true, JSSDKAssets: true, CustomCA: "/etc/ca", Beacon: "off",
	}
}

func render(t *testing.T, in RenderInput) map[string]File {
	t.Helper()
	files, _, err := Render(in)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]File{}
	for _, f := range files {
		out[f.Path] = f
	}
	return out
}

// onto returns the site's files after they were written.
func onto(disk fs.FS, files map[string]File) fstest.MapFS {
	out := fstest.MapFS{}
	if m, ok := disk.(fstest.MapFS); ok {
		for k, v := range m {
			out[k] = v
		}
	}
	for path, f := range files {
		out[path] = &fstest.MapFile{Data: f.Data, Mode: f.Mode}
	}
	return out
}

func TestRenderGolden(t *testing.T) {
	in := RenderInput{Version: calver.MustParse("26.8.0"), Pristine: tree(), Answers: rich(), SecretKey: testKey}
	var b strings.Builder
	files, _, err := Render(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b.WriteString("-- " + f.Path + " " + f.Mode.String() + " --\n" + string(f.Data))
	}
	golden(t, "testdata/render.golden", b.String())
}

func TestRenderFirstRunDefaults(t *testing.T) {
	for name, c := range map[string]struct{ bind, host, want string }{
		"nothing given":    {"", "", "http://localhost:9000"},
		"port":             {"80", "sentry", "http://sentry"},
		"any address":      {"0.0.0.0:9100", "box", "http://box:9100"},
		"one address":      {"192.0.2.7:9000", "box", "http://192.0.2.7:9000"},
		"address of IPv6":  {"[2001:db8::1]:80", "box", "http://[2001:db8::1]"},
		"any IPv6 address": {"[::]:9000", "box", "http://box:9000"},
	} {
		t.Run(name, func(t *testing.T) {
			got := render(t, RenderInput{Version: calver.MustParse("25.10.0"), Pristine: tree(), Answers: Answers{Bind: c.bind}, Host: c.host, SecretKey: testKey})
			m := yamlMap(t, got[ymlPath].Data)
			want := map[string]any{"system.url-prefix": c.want, secretKeyOption: testKey}
			if diff := cmp.Diff(map[string]any{"system.url-prefix": m["system.url-prefix"], secretKeyOption: m[secretKeyOption]}, want); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
		})
	}
}

func TestRenderKeepsTheAdminsFiles(t *testing.T) {
	disk := fstest.MapFS{
		customPath:                &fstest.MapFile{Data: []byte("# mine\nMY_VAR='a b' # c\nSENTRY_BIND=1234\nexport OTHER=$MY_VAR\n")},
		ymlPath:                   &fstest.MapFile{Data: []byte("# mine\nsystem.secret-key: 'kept'\nunknown.key: [1, 2]\nsystem.url-prefix: 'http://old'\n")},
		confPath:                  &fstest.MapFile{Data: []byte("X = '''\n# '\n'''\n")},
		"symbolicator/config.yml": &fstest.MapFile{Data: []byte("bind: mine\n")},
		"geoip/GeoIP.conf":        &fstest.MapFile{Data: []byte("# mine\nAccountID 1\nEditionIDs GeoLite2-City GeoLite2-ASN")},
	}
	header, err := head("env.custom.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	a := Answers{Bind: "9100", GeoIP: GeoIP{Account: "2", License: NewSecret("l")}}
	got := map[string]string{}
	files, found, err := Render(RenderInput{Version: calver.MustParse("25.10.0"), Pristine: tree(), Disk: disk, Answers: a, SecretKey: testKey})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		got[f.Path] = string(f.Data)
	}
	want := map[string]string{
		customPath:                "# >>> sentryctl >>>\n" + header + "SENTRY_BIND=9100\n# <<< sentryctl <<<\n# mine\nMY_VAR='a b' # c\nexport OTHER=$MY_VAR\n",
		ymlPath:                   "# mine\nsystem.secret-key: 'kept'\nunknown.key: [1, 2]\nsystem.url-prefix: 'http://old'\n",
		confPath:                  "X = '''\n# '\n'''\n",
		relayPath:                 "relay:\n  port: 3000\n",
		"symbolicator/config.yml": "bind: mine\n",
		"geoip/GeoIP.conf":        "# mine\nAccountID 2\nEditionIDs GeoLite2-City GeoLite2-ASN\nLicenseKey l\n",
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	if len(found) != 1 || found[0].ID != "variable-replaced" {
		t.Errorf("findings: got %v, want variable-replaced", found)
	}
}

func TestRenderRefusesWhatItWouldBreak(t *testing.T) {
	for name, c := range map[string]struct{ path, src, want string }{
		"open bracket":     {confPath, "X = [\n", "render configuration: sentry/sentry.conf.py:2: the file ends inside an open ["},
		"half an if":       {confPath, "a = 1\nif a:\n", "render configuration: sentry/sentry.conf.py:2: the last statement has no body"},
		"tab":              {ymlPath, "a:\n\tb: 1\n", "render configuration: sentry/config.yml:2: has a tab in its indentation"},
		"carriage returns": {ymlPath, "a: 1\r\n", "render configuration: sentry/config.yml:1: has Windows line ends"},
		"twice":            {ymlPath, "a: 1\na: 2\n", "render configuration: sentry/config.yml:2: a is given twice, first on line 1"},
		"open quote":       {customPath, "A='s3cret\n", "render configuration: .env.custom:1: A: the quoted value has no end"},
	} {
		t.Run(name, func(t *testing.T) {
			disk := fstest.MapFS{c.path: {Data: []byte(c.src)}}
			_, _, err := Render(RenderInput{Version: calver.MustParse("25.10.0"), Pristine: tree(), Disk: disk, Answers: rich()})
			if err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// TestRenderEveryRelease renders twice onto each release that is at hand, and
// reads the files back with the parsers of those who use them.
func TestRenderEveryRelease(t *testing.T) {
	const dir = "../../../shared/releases"
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Skipf("no release trees at hand: %v", err)
	}
	for _, d := range list {
		v, err := calver.Parse(d.Name())
		if err != nil || v.Less(calver.MustParse("20.6.0")) {
			continue
		}
		t.Run(d.Name(), func(t *testing.T) {
			in := RenderInput{Version: v, Pristine: os.DirFS(filepath.Join(dir, d.Name())), Answers: rich(), SecretKey: testKey}
			if v.Less(calver.MustParse("24.7.1")) {
				in.Answers.Profile = ""
			}
			first := render(t, in)
			in.Disk = onto(nil, first)
			if diff := cmp.Diff(render(t, in), first); diff != "" {
				t.Errorf("rendered again (-got +want):\n%s", diff)
			}
			yml := yamlMap(t, first[ymlPath].Data)
			if got, want := yml["mail.password"], any("it's a $ecret #1"); got != want {
				t.Errorf("mail.password: got %v, want %v", got, want)
			}
			env, err := dotenv.Parse(bytes.NewReader(first[customPath].Data))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := env["SENTRY_EVENT_RETENTION_DAYS"], "30"; got != want {
				t.Errorf("retention: got %q, want %q", got, want)
			}
		})
	}
}

func TestConfIsPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skipf("python3 is not installed: %v", err)
	}
	got := render(t, RenderInput{Version: calver.MustParse("26.8.0"), Pristine: tree(), Answers: rich()})
	cmd := exec.Command(python, "-m", "ast")
	cmd.Stdin = bytes.NewReader(got[confPath].Data)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestReadSecretKey(t *testing.T) {
	for name, c := range map[string]struct {
		disk fs.FS
		want string
	}{
		"no site":      {nil, ""},
		"the example":  {fstest.MapFS{ymlPath: {Data: []byte("system.secret-key: '!!changeme!!'\n")}}, ""},
		"config.yml":   {fstest.MapFS{ymlPath: {Data: []byte("system.secret-key: 'k1'\n")}, envPath: {Data: []byte("SENTRY_SYSTEM_SECRET_KEY=k2\n")}}, "k1"},
		".env.custom":  {fstest.MapFS{customPath: {Data: []byte("SENTRY_SYSTEM_SECRET_KEY='k 3'\n")}}, "k 3"},
		"broken files": {fstest.MapFS{ymlPath: {Data: []byte("a: [\n")}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ReadSecretKey(c.disk); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func yamlMap(t *testing.T, b []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := yaml.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestRenderAgainFromTheRecord: what a record does not keep stands in the files.
func TestRenderAgainFromTheRecord(t *testing.T) {
	in := RenderInput{Version: calver.MustParse("25.10.0"), Pristine: tree(), Answers: rich(), SecretKey: testKey}
	first := render(t, in)
	var node yaml.Node
	if err := node.Encode(in.Answers); err != nil {
		t.Fatal(err)
	}
	recorded, err := Recorded(node, "/own", nil)
	if err != nil {
		t.Fatal(err)
	}
	in.Answers, in.Disk = recorded, onto(nil, first)
	if diff := cmp.Diff(render(t, in), first); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

// TestRenderOptions: each kind of value arrives in its file as it is.
func TestRenderOptions(t *testing.T) {
	a := Answers{Options: map[string]any{
		"SENTRY_TASKWORKER_CONCURRENCY": 8, "SES_PASSWORD": NewSecret("a'b$c"), "SETUP_JS_SDK_KEEP_OLD_ASSETS": true,
		"slack.client-secret": NewSecret("s: #"), "redis.clusters": map[string]any{"default": map[string]any{"hosts": map[any]any{0: map[string]any{"port": 6379}}}},
		"auth.ip-rate-limit": 5, "u2f.facets": []string{"https://a"}, "github-app.private-key": NewSecret("-----BEGIN-----\nabc\n-----END-----\n"),
		"SENTRY_WEB_OPTIONS.workers": 6, "SENTRY_FEATURES": map[string]any{"organizations:x": true}, "SENTRY_METRICS_SAMPLE_RATE": 0.5, "SENTRY_METRICS_OPTIONS": map[string]any{"a": map[any]any{1: nil}},
		"relay/limits.max_concurrent_requests": 50, "relay/relay.port": 3001,
	}}
	got := render(t, RenderInput{Version: calver.MustParse("26.8.0"), Pristine: tree(), Answers: a, SecretKey: testKey})
	var b strings.Builder
	for _, path := range []string{customPath, ymlPath, confPath, relayPath} {
		b.WriteString("-- " + path + " --\n" + string(got[path].Data))
	}
	golden(t, "testdata/options.golden", b.String())
}
