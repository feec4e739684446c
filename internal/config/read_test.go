package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/fault"
)

func write(t *testing.T, dir, name, content string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadAnswers(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "mail-pass", "from file\n", 0o600)
	path := write(t, dir, "answers.yaml", `schema: 1
profile: errors-only
bind: 9100
url: https://sentry.example.com/
mail:
  host: file.example.com
  port: 465
  password: {file: mail-pass}
retention_days: 30
options:
  SENTRY_WEB_OPTIONS.workers: 6
  CSRF_TRUSTED_ORIGINS: [https://a.example.com, https://b.example.com]
  filestore.options: {location: /data/files}
  system.admin-email: ops@example.com
`, 0o600)
	env := []string{"SENTRYCTL_MAIL_HOST=env.example.com", "SENTRYCTL_BIND=9200", "SENTRYCTL_GEOIP_LICENSE=env-secret", "SENTRYCTL_GEOIP_ACCOUNT=7", "SENTRYCTL_HOME=/x", "PATH=/bin", "PW=pw"}
	got, found, err := ReadAnswers(path, []string{"bind=127.0.0.1:9300", "options.SENTRY_TASKWORKER_CONCURRENCY=8", "admin.password.env=PW"}, env)
	if err != nil {
		t.Fatal(err)
	}
	want := Answers{
		Schema: 1, Profile: ErrorsOnly, Bind: "127.0.0.1:9300", URL: "https://sentry.example.com", RetentionDays: 30,
		Admin: Admin{Email: "ops@example.com", Password: Secret{value: "pw", Env: "PW"}},
		Mail:  Mail{Host: "env.example.com", Port: 465, Password: Secret{value: "from file", File: filepath.Join(dir, "mail-pass")}},
		GeoIP: GeoIP{Account: "7", License: Secret{value: "env-secret"}},
		Options: map[string]any{
			"SENTRY_WEB_OPTIONS.workers": 6, "SENTRY_TASKWORKER_CONCURRENCY": 8,
			"CSRF_TRUSTED_ORIGINS": []string{"https://a.example.com", "https://b.example.com"},
			"filestore.options":    map[string]any{"location": "/data/files"},
		},
	}
	if diff := cmp.Diff(got, want, cmp.AllowUnexported(Secret{})); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	if len(found) > 0 {
		t.Errorf("findings: got %v, want none", found)
	}
}

func TestReadAnswersRefuses(t *testing.T) {
	cases := []struct {
		name, file string
		sets, env  []string
		want, hint string
	}{
		{"unknown key", "mail:\n  hots: x\n", nil, nil, `FILE:2: unknown key "mail.hots"`, "Did you mean mail.host?"},
		{"wrong type", "retention_days: soon\n", nil, nil, `FILE:1: retention_days: want a number of days, 1 or more, got "soon"`, ""},
		{"twice", "bind: 1\nbind: 2\n", nil, nil, "FILE:2: bind: given twice, first on line 1", "Keep one of them"},
		{"tab", "mail:\n\thost: x\n", nil, nil, "FILE:2: has a tab in its indentation", "Indent with spaces"},
		{"carriage return", "bind: 1\r\n", nil, nil, "FILE:1: has Windows line ends", "Convert it with: dos2unix FILE"},
		{"byte order mark", "\ufeffbind: 1\n", nil, nil, "FILE:1: begins with a byte order mark", "Save it as UTF-8 without BOM"},
		{"binary", "bind: 1\n\x00", nil, nil, "FILE:2: is binary, not text", "Give a YAML file"},
		{"list", "- a\n", nil, nil, "FILE:1: want a mapping, got something else", ""},
		{"newer schema", "schema: 9\n", nil, nil, "FILE: the file is of schema 9; this program reads up to 1", "Use a newer sentryctl"},
		{"alias", "a: &x 1\nbind: *x\n", nil, nil, "2 problems", ""},
		{"derived option", "options:\n  SENTRY_BEACON: false\n", nil, nil, "FILE:2: SENTRY_BEACON follows from the answer beacon", "Set beacon instead"},
		{"no such file", "", []string{"mail.password.file=/no/such"}, nil, "--set mail.password.file: mail.password: open /no/such: no such file or directory", ""},
		{"secret in a flag", "", []string{"mail.password=s3cret"}, nil, "--set: mail.password is a secret, and a command line can be read by others",
			"Use --set mail.password.file=PATH, --set mail.password.env=NAME or the variable SENTRYCTL_MAIL_PASSWORD"},
		{"no equals sign", "", []string{"bind"}, nil, `--set: "bind" is not of the form key=value`, "Write --set key=value"},
		{"variable of a wrong type", "", nil, []string{"SENTRYCTL_MAIL_PORT=x"}, `SENTRYCTL_MAIL_PORT: mail.port: want a port from 1 to 65535, got "x"`, ""},
		{"a mask", "mail: {password: '***'}\n", nil, nil, "FILE:1: mail.password: *** stands for a secret that was not stored", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := ""
			if c.file != "" {
				path = write(t, t.TempDir(), "a.yaml", c.file, 0o600)
			}
			_, _, err := ReadAnswers(path, c.sets, c.env)
			if err == nil || fault.CodeOf(err) != fault.Usage {
				t.Fatalf("got %v, want a usage fault", err)
			}
			got := strings.TrimPrefix(strings.ReplaceAll(err.Error(), path, "FILE"), "read answers: ")
			if path == "" {
				got = strings.TrimPrefix(err.Error(), "read answers: ")
			}
			if !strings.HasPrefix(got, c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if hint := fault.HintOf(err); !strings.HasPrefix(strings.ReplaceAll(hint, "FILEX", ""), strings.ReplaceAll(c.hint, "FILE", path)) {
				t.Errorf("hint: got %s, want %s", hint, c.hint)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Error("the error shows a secret")
			}
		})
	}
}

func TestReadAnswersWarns(t *testing.T) {
	path := write(t, t.TempDir(), "a.yaml", "mail: {username: u, password: p}\n", 0o644)
	_, found, err := ReadAnswers(path, nil, []string{"SENTRYCTL_MAIL_HOTS=x"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range found {
		got = append(got, f.ID)
	}
	if diff := cmp.Diff(got, []string{"secret-file-open", "unknown-variable"}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestSecretPrintsNowhere(t *testing.T) {
	a := rich()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		if got := fmt.Sprintf(verb, a); strings.Contains(got, "ecret") || strings.Contains(got, "admin-pass") || strings.Contains(got, "license-1") {
			t.Errorf("%s shows a secret: %s", verb, got)
		}
	}
}

func FuzzReadAnswers(f *testing.F) {
	for _, s := range []string{"bind: 1\n", "mail: {password: {file: x}}", "options: {SENTRY_FEATURES: {a: [1]}}\n", "a: &a [*a]\n", "---\n---\n"} {
		f.Add([]byte(s))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(dir, "a.yaml")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := ReadAnswers(path, nil, nil); err != nil && fault.CodeOf(err) != fault.Usage {
			t.Fatalf("got %v, want a usage fault", err)
		}
	})
}
