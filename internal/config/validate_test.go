package config

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/fault"
)

func TestValidate(t *testing.T) {
	cases := []struct {
		name, version string
		edit          func(*Answers)
		want          []string // severity, ID and key
	}{
		{"nothing given", "25.10.0", func(*Answers) {}, nil},
		{"bad values", "25.10.0", func(a *Answers) {
			*a = Answers{Bind: "70000", URL: "sentry.example.com", RetentionDays: -1, Profile: "all", Admin: Admin{Email: "x"}, Mail: Mail{Port: -1, From: "<"}}
		}, []string{"error wrong-value profile", "error wrong-value bind", "error wrong-value url", "error wrong-value admin.email",
			"error wrong-value mail.from", "error wrong-value mail.port", "error wrong-value retention_days"}},
		{"both encryptions", "25.10.0", func(a *Answers) { a.Mail = Mail{Host: "m", UseTLS: true, UseSSL: true} }, []string{"error mail-tls-and-ssl mail.use_ssl"}},
		{"odd port", "25.10.0", func(a *Answers) { a.Mail = Mail{Host: "m", UseSSL: true, Port: 587} }, []string{"warn mail-port mail.port"}},
		{"password without user", "25.10.0", func(a *Answers) { a.Mail = Mail{Host: "m", Password: NewSecret("p")} }, []string{"error mail-login mail.username"}},
		{"half an account", "25.10.0", func(a *Answers) { a.GeoIP.Account = "1" }, []string{"error geoip-account geoip"}},
		{"beacon in an air gap", "25.10.0", func(a *Answers) { a.AirGap, a.Beacon = true, "full" }, []string{"error beacon-in-air-gap beacon"}},
		{"errors-only too early", "24.6.0", func(a *Answers) { a.Profile = ErrorsOnly }, []string{"error profile-unknown profile"}},
		{"everything is what an old release is", "24.6.0", func(a *Answers) { a.Profile = FeatureComplete }, nil},
		{"https behind a proxy", "25.10.0", func(a *Answers) { a.URL, a.Bind = "https://s.example.com", "127.0.0.1:9000" }, nil},
		{"https on the own port", "25.10.0", func(a *Answers) { a.URL, a.Bind = "https://s.example.com", "443" }, []string{"warn tls-on-own-port bind"}},
		{"other port than bound", "25.10.0", func(a *Answers) { a.URL, a.Bind = "http://s.example.com", "9000" }, []string{"warn url-and-bind url"}},
		{"assets too early", "24.8.0", func(a *Answers) { a.JSSDKAssets, a.URL = true, "http://s" }, []string{"warn not-in-release js_sdk_assets"}},
		{"unknown option", "25.10.0", func(a *Answers) { a.Options = map[string]any{"no.such": 1} }, []string{"error unknown-key no.such"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var a Answers
			c.edit(&a)
			var got []string
			for _, f := range Validate(a, calver.MustParse(c.version)) {
				got = append(got, string(f.Severity)+" "+f.ID+" "+f.Key)
			}
			if diff := cmp.Diff(got, c.want); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
		})
	}
}

func TestFindingsHoldNoSecret(t *testing.T) {
	a := rich()
	a.Mail.Password = NewSecret("s3cr3t\nline")
	a.GeoIP.License = NewSecret("s3cr3t\x00")
	found := Validate(a, calver.MustParse("25.10.0"))
	err := Refuse(found, "check answers")
	if err == nil || fault.CodeOf(err) != fault.Usage {
		t.Fatalf("got %v, want a usage fault", err)
	}
	if strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("the error shows a secret: %v", err)
	}
	var f Finding
	if !errors.As(err, &f) {
		t.Error("the error holds no finding")
	}
}

func TestABrokenConfIsNotGuessedAt(t *testing.T) {
	for name, text := range map[string]string{"an open bracket": "A = [1,\n", "binary": "A\x00B\n"} {
		t.Run(name, func(t *testing.T) {
			if found := checkAmended(calver.MustParse("26.8.0"), []byte(text)); len(found) > 0 {
				t.Errorf("got %v", found)
			}
		})
	}
}

func TestCheckSite(t *testing.T) {
	old := `CACHES = {"BACKEND": "django.core.cache.backends.memcached.MemcachedCache"}` + "\nDATABASES = {\"HOST\": \"postgres\"}\n"
	disk := fstest.MapFS{
		ymlPath:    {Data: []byte("system.secret-key: 'a'\nmail.from: 'x@example.com'\n")},
		customPath: {Data: []byte("SENTRY_SYSTEM_SECRET_KEY=b\nSENTRY_MAIL_HOST=example.com\n")},
		confPath:   {Data: []byte(old)},
	}
	var got []string
	for _, f := range CheckSite(calver.MustParse("26.8.0"), disk) {
		got = append(got, string(f.Severity)+" "+f.ID+" "+f.File)
	}
	want := []string{"error two-secret-keys .env.custom", "warn memcached-backend sentry/sentry.conf.py", "warn pgbouncer sentry/sentry.conf.py", "warn mail-from-twice sentry/config.yml"}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	out, changed, err := Amend(calver.MustParse("26.8.0"), []byte(old))
	if err != nil || len(checkAmended(calver.MustParse("26.8.0"), out)) > 0 {
		t.Errorf("amended: %v, %v: %s", changed, err, out)
	}
}
