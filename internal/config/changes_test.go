package config

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/config/option"
)

func TestChangesShowNoSecret(t *testing.T) {
	const key = "-----BEGIN KEY-----\nline-one-of-it\nline-two-of-it\n"
	before := Answers{Mail: Mail{Host: "a.example.com", Username: "u", Password: NewSecret("old-pass")}}
	after := Answers{
		Mail:  Mail{Host: "b.example.com", Username: "u", Password: NewSecret("new-pass")},
		GeoIP: GeoIP{Account: "7", License: NewSecret("lic-lic")},
		Options: map[string]any{"github-app.private-key": NewSecret(key), "SENTRY_SYSTEM_SECRET_KEY": NewSecret("x"), "BITBUCKET_CONSUMER_SECRET": NewSecret("bitb"),
			"filestore.options": map[string]any{"access_key": "AKIA", "secret_key": NewSecret("deep-one")}},
	}
	d := disk{t, fstest.MapFS{}}
	d.render(before)
	d.edit(ymlPath, "# Mail\n", "# Mail\nown.token: mine-own\n")
	files, _, err := RenderSite(RenderInput{Version: calver.MustParse("25.10.0"), Pristine: pristineTree, Disk: d.MapFS, Answers: after, SecretKey: "never"})
	if err != nil {
		t.Fatal(err)
	}
	changes, err := Changes(files, d.MapFS, after)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, c := range changes {
		all.WriteString(c.Diff)
	}
	for _, secret := range []string{"old-pass", "new-pass", "lic-lic", "-of-it", "BEGIN KEY", "=x", "bitb", "deep-one", "mine-own", "kkkkk"} {
		if strings.Contains(all.String(), secret) {
			t.Errorf("%q is shown", secret)
		}
	}
	if diff := cmp.Diff(Paths(changes), []string{".env.custom", "geoip/GeoIP.conf", "sentry/config.yml", "sentry/sentry.conf.py"}); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	golden(t, "testdata/changes.golden", all.String())
}

func TestMaskedLines(t *testing.T) {
	reg, err := option.Load()
	if err != nil {
		t.Fatal(err)
	}
	m := newMask(reg, Answers{Options: map[string]any{"slack.client-secret": NewSecret("s3cr3t-value")}})
	for name, c := range map[string]struct{ line, want string }{
		"yaml":              {"mail.password: 'x'", "mail.password: ***"},
		"python item":       {`SENTRY_OPTIONS["mail.password"] = "x"`, `SENTRY_OPTIONS["mail.password"] = ***`},
		"python dictionary": {`    "PASSWORD": "x",`, `    "PASSWORD": ***`},
		"variable":          {"SENTRY_SYSTEM_SECRET_KEY='a'", "SENTRY_SYSTEM_SECRET_KEY=***"},
		"directive":         {"LicenseKey abc", "LicenseKey ***"},
		"known value":       {"# it was s3cr3t-value", "# it was ***"},
		"no secret":         {"mail.host: 'smtp'", "mail.host: 'smtp'"},
		"a comment":         {"# the password is long", "# the password is long"},
		"opens a block":     {"github-app.private-key: |", "github-app.private-key: |"},
		"a public key":      {"discord.public-key: 'abc'", "discord.public-key: 'abc'"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := m.line(c.line); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
