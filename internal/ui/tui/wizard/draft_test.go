package wizard

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/config"
)

var showSecrets = cmp.AllowUnexported(config.Secret{})

// with returns the answers that an empty site has after values were given in
// pairs of question and value.
func given(t *testing.T, in Input, pairs ...string) config.Answers {
	t.Helper()
	d := newDraft(in)
	for i := 0; i+1 < len(pairs); i += 2 {
		d.set(pairs[i], pairs[i+1])
	}
	a, err := d.answers()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestWhatIsNotAskedStays(t *testing.T) {
	rich := everything().Answers
	rich.Profile, rich.RetentionDays, rich.Beacon = config.ErrorsOnly, 30, "anonymous"
	rich.GeoIP = config.GeoIP{Account: "1", License: config.NewSecret("l")}
	rich.Proxy = config.Proxy{HTTP: "http://p:3128", NoProxy: "a,b"}
	rich.Options["SENTRY_TASKWORKER_CONCURRENCY"] = 8
	rich.Options["auth.ip-rate-limit"] = 100
	rich.Options["github-app.private-key"] = config.NewSecret("line one\nline two\n")
	ssl := rich
	ssl.Mail.UseTLS, ssl.Mail.UseSSL, ssl.Mail.Port = false, true, 465
	for name, a := range map[string]config.Answers{
		"nothing": {Profile: config.FeatureComplete}, "everything": rich, "the other encryption": ssl,
		"console": {Profile: config.ErrorsOnly, Mail: config.Mail{Backend: "console", Host: "kept"}},
		"dummy":   {Profile: config.ErrorsOnly, Mail: config.Mail{Backend: "dummy"}},
		"air gap": {Profile: config.ErrorsOnly, AirGap: true, Beacon: "off", CustomCA: "/ca"},
	} {
		for _, much := range []string{"quick", "all"} {
			t.Run(name+" "+much, func(t *testing.T) {
				in := host()
				in.Workflow, in.Answers = Configure, a
				if diff := cmp.Diff(given(t, in, "much", much), a, showSecrets); diff != "" {
					t.Errorf("(-got +want):\n%s", diff)
				}
			})
		}
	}
}

func TestAnswers(t *testing.T) {
	key := filepath.Join(t.TempDir(), "app.pem")
	if err := os.WriteFile(key, []byte("PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	base := config.Answers{Profile: config.FeatureComplete, URL: "http://sentry01:9000"}
	cases := []struct {
		name  string
		pairs []string
		want  func(*config.Answers)
	}{
		{"Enter all the way", nil, func(*config.Answers) {}},
		{"errors alone", []string{"profile", "errors-only"}, func(a *config.Answers) { a.Profile = config.ErrorsOnly }},
		{"a proxy", []string{"tls", "proxy"}, func(a *config.Answers) { a.URL, a.Bind = "https://sentry01", "127.0.0.1:9000" }},
		{"a proxy and back", []string{"tls", "proxy", "tls", "none"}, func(*config.Answers) {}},
		{"an address of its own, then a proxy", []string{"url", "http://s.example.com:9000", "tls", "proxy"},
			func(a *config.Answers) { a.URL, a.Bind = "https://s.example.com", "127.0.0.1:9000" }},
		{"a bind of its own, then a proxy", []string{"bind", "10.0.0.1:80", "tls", "proxy"},
			func(a *config.Answers) { a.URL, a.Bind = "https://sentry01", "10.0.0.1:80" }},
		{"an admin", []string{"admin.email", " ada@example.com "}, func(a *config.Answers) { a.Admin.Email = "ada@example.com" }},
		{"an admin's password", []string{"admin.email", "ada@example.com", "admin.password.way", "given", "admin.password", " s3cr3t-pw "},
			func(a *config.Answers) {
				a.Admin = config.Admin{Email: "ada@example.com", Password: config.NewSecret(" s3cr3t-pw ")}
			}},
		{"a password that was taken back", []string{"admin.email", "ada@example.com", "admin.password", "s3cr3t-pw", "admin.password.way", "made"},
			func(a *config.Answers) { a.Admin.Email = "ada@example.com" }},
		{"Gmail", []string{"mail.way", "server", "mail.preset", "gmail", "mail.username", "a@gmail.com", "mail.password", "p"}, func(a *config.Answers) {
			a.Mail = config.Mail{Host: "smtp.gmail.com", Port: 587, UseTLS: true, Username: "a@gmail.com", Password: config.NewSecret("p")}
		}},
		{"a provider that was taken back", []string{"mail.way", "server", "mail.preset", "ses", "mail.way", "none"}, func(a *config.Answers) { a.Mail.Backend = "dummy" }},
		{"TLS from the first byte", []string{"mail.way", "server", "mail.preset", "other", "mail.host", "m", "mail.port", "465", "mail.encryption", "tls"},
			func(a *config.Answers) { a.Mail = config.Mail{Host: "m", Port: 465, UseSSL: true} }},
		{"S3", []string{"much", "all", "storage", "s3", "storage.bucket", "b", "storage.access", "AK", "storage.secret", "sk"}, func(a *config.Answers) {
			a.Options = map[string]any{"filestore.backend": "s3",
				"filestore.options": map[string]any{"bucket_name": "b", "access_key": "AK", "secret_key": config.NewSecret("sk")}}
		}},
		{"GCS", []string{"much", "all", "storage", "gcs", "storage.bucket", "b"}, func(a *config.Answers) {
			a.Options = map[string]any{"filestore.backend": "gcs", "filestore.options": map[string]any{"bucket_name": "b"}}
		}},
		{"pages that are left out say nothing", []string{"much", "all", "retention_days", "30", "storage", "gcs", "much", "quick"}, func(*config.Answers) {}},
		{"a key file", []string{"much", "all", "github-app.id", "7", "github-app.key-file", key}, func(a *config.Answers) {
			pem := config.NewSecret("PEM")
			pem.File = key
			a.Options = map[string]any{"github-app.id": 7, "github-app.private-key": pem}
		}},
		{"fit to the host", []string{"much", "all", "performance", "fit"}, func(a *config.Answers) {
			a.Options = map[string]any{"SENTRY_WEB_OPTIONS.workers": 8, "SENTRY_TASKWORKER_CONCURRENCY": 8}
		}},
		{"an air gap", []string{"much", "all", "beacon", "full", "air_gap", "true"}, func(a *config.Answers) { a.AirGap = true }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			want := base
			c.want(&want)
			if diff := cmp.Diff(given(t, host(), c.pairs...), want, showSecrets); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
		})
	}
}

func TestTakingBackOnASiteThatStands(t *testing.T) {
	in := everything()
	in.Workflow = Configure
	in.Answers.Profile = config.FeatureComplete
	want := in.Answers
	want.Mail = config.Mail{From: in.Answers.Mail.From}
	want.Options = map[string]any{}
	got := given(t, in, "much", "all", "mail.way", "builtin", "storage", "filesystem")
	if diff := cmp.Diff(got, want, showSecrets); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestValidations(t *testing.T) {
	ca := t.TempDir()
	if err := os.WriteFile(filepath.Join(ca, "root.crt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		id, value string
		before    []string
		want      string // part of what is said; "" when the value stands
	}{
		{"url", "sentry.example.com", nil, "want a URL"},
		{"url", "https://sentry.example.com", nil, "begins with http://"},
		{"url", "http://sentry.example.com/path", nil, "want a URL of scheme, host and port alone"},
		{"url", "http://sentry.example.com", []string{"tls", "proxy"}, "begins with https://"},
		{"url", "", []string{"tls", "proxy"}, "give the https address"},
		{"url", "", nil, ""},
		{"bind", "70000", nil, "want PORT or IP:PORT"},
		{"bind", "localhost:9000", nil, "want PORT or IP:PORT"},
		{"bind", "[::1]:9000", nil, ""},
		{"admin.email", "ada", nil, "want an e-mail address"},
		{"admin.email", "", nil, ""},
		{"admin.password", "short", nil, "at least 8"},
		{"admin.password", "long enough", nil, ""},
		{"admin.password.again", "long enougH", []string{"admin.password", "long enough"}, "not the same"},
		{"mail.host", "", nil, "give the name"},
		{"mail.host", "smtp example", nil, "want a host name"},
		{"mail.port", "smtp", nil, "want a port"},
		{"mail.password", "p", []string{"mail.username", ""}, "needs a user name"},
		{"mail.from", "<", nil, "want an address"},
		{"mail.test.to", "ada", nil, "want an e-mail address"},
		{"retention_days", "0", nil, "want a number of days"},
		{"retention.events", "many", nil, "want a whole number"},
		{"storage.bucket", "", nil, "give the name of the bucket"},
		{"storage.endpoint", "minio:9000", nil, "want a URL"},
		{"storage.secret", "", []string{"storage.access", "AK"}, "needs its secret key"},
		{"github-app.id", "seven", nil, "want a whole number"},
		{"github-app.key-file", "/no/such", nil, "no such file"},
		{"github-app.key-file", ca, nil, "directory"},
		{"geoip.license", "", []string{"geoip.account", "1"}, "needs its license key"},
		{"geoip.license", "l", nil, "needs its account ID"},
		{"custom_ca", "/no/such", nil, "no *.crt file"},
		{"custom_ca", ca, nil, ""},
		{"proxy.http", "http://user:pw@proxy:3128", nil, "want a URL"},
		{"proxy.no_proxy", "localhost", nil, "nothing without a proxy"},
		{"SENTRY_WEB_OPTIONS.workers", "0", nil, "want a whole number"},
		{"SENTRY_TASKWORKER_CONCURRENCY", "65", nil, "want a whole number"},
	}
	for _, c := range cases {
		t.Run(c.id+"="+c.value, func(t *testing.T) {
			d := newDraft(host())
			for i := 0; i+1 < len(c.before); i += 2 {
				d.set(c.before[i], c.before[i+1])
			}
			err := questionOf(t, c.id).verify(d, c.value)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func questionOf(t *testing.T, id string) (found question) {
	t.Helper()
	for _, p := range pages() {
		for _, q := range p.questions {
			if q.id == id {
				found = q
			}
		}
	}
	if found.id == "" {
		t.Fatalf("no question %s", id)
	}
	return found
}

func TestPagesFollowTheRelease(t *testing.T) {
	in := host()
	in.Version, in.Profiles = calver.MustParse("23.6.1"), nil
	d := newDraft(in)
	d.set("much", "all")
	var got []string
	for _, p := range d.pages() {
		for _, q := range d.questions(p) {
			if p.id == "integrations" || p.id == "performance" || p.id == "profile" {
				got = append(got, q.id)
			}
		}
	}
	want := []string{"slack.client-id", "slack.client-secret", "slack.signing-secret", "performance", "SENTRY_WEB_OPTIONS.workers"}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
}

func TestEveryQuestionHasHelpAndAKnownKey(t *testing.T) {
	for _, p := range pages() {
		for _, q := range p.questions {
			if q.help == "" || q.label == "" || len(q.label) > labelWidth-3 {
				t.Errorf("%s: label %q, help %q", q.id, q.label, q.help)
			}
			if _, ok := config.Lookup(q.key); q.key != "" && !ok {
				t.Errorf("%s: no answer or option has this key", q.key)
			}
		}
	}
}
