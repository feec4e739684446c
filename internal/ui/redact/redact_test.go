package redact_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/ui/redact"
	"github.com/sentryctl/sentryctl/internal/ui/uitest"
)

const secret = `p4ss"wörd'&$1 <x>/+`

type keep struct{ events []event.Event }

func (k *keep) Emit(e event.Event) { k.events = append(k.events, e) }

// plant sets every string in v, one at a time, to a text with the secret and
// calls check.
func plant(v reflect.Value, check func(field string), path string) {
	switch v.Kind() {
	case reflect.String:
		old := v.String()
		v.SetString("before " + secret + " after")
		check(path)
		v.SetString(old)
	case reflect.Struct:
		for i := range v.NumField() {
			plant(v.Field(i), check, path+"."+v.Type().Field(i).Name)
		}
	case reflect.Slice:
		for i := range v.Len() {
			plant(v.Index(i), check, fmt.Sprintf("%s[%d]", path, i))
		}
	case reflect.Bool, reflect.Int64:
	default:
		panic("a kind of field that redact does not walk: " + path + " " + v.Kind().String())
	}
}

func TestEveryFieldOfEveryEventIsMasked(t *testing.T) {
	for _, e := range uitest.All() {
		v := reflect.New(reflect.TypeOf(e)).Elem()
		v.Set(reflect.ValueOf(e))
		plant(v, func(field string) {
			k := &keep{}
			before := fmt.Sprintf("%#v", v.Interface())
			redact.New(k, secret).Emit(v.Interface().(event.Event))
			got := fmt.Sprintf("%v", k.events[0])
			if strings.Contains(got, secret) || !strings.Contains(got, "before "+redact.Mask+" after") {
				t.Errorf("%s: got %s", field, got)
			}
			if after := fmt.Sprintf("%#v", v.Interface()); after != before {
				t.Errorf("%s: the original was changed to %s", field, after)
			}
		}, e.Type())
	}
}

func TestEventsWithoutSecretsPassUnchanged(t *testing.T) {
	k := &keep{}
	s := redact.New(k, secret)
	for _, e := range uitest.All() {
		s.Emit(e)
	}
	s.Emit(nil)
	if d := cmp.Diff(uitest.All(), k.events); d != "" {
		t.Error(d)
	}
}

func TestForms(t *testing.T) {
	js, _ := json.Marshal(secret)
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	cases := []struct{ name, in string }{
		{"as it is", secret},
		{"JSON", string(js)},
		{"Go", fmt.Sprintf("%q", secret)},
		{"query", url.QueryEscape(secret)},
		{"path", url.PathEscape(secret)},
		{"shell", `'` + strings.ReplaceAll(secret, `'`, `'\''`) + `'`},
		{"compose", strings.ReplaceAll(secret, "$", "$$")},
		{"base64", b64(secret)},
		{"base64 after one byte", b64("a" + secret + "zz")},
		{"base64 after two bytes", b64("ab" + secret + "z")},
		{"base64 of user and password", b64("admin:" + secret)},
		{"URL base64", base64.URLEncoding.EncodeToString([]byte("ab" + secret))},
	}
	s := redact.New(nil, secret)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := s.Redact("x " + c.in + " y")
			if !strings.Contains(got, redact.Mask) || strings.Contains(got, c.in) || len(got) > len("x ' y")+len(redact.Mask)+16 {
				t.Errorf("got %q from %q", got, c.in)
			}
		})
	}
}

func TestMultiLineSecretsAreMaskedLineByLine(t *testing.T) {
	s := redact.New(nil, "first-line-of-key\nsecond-line-of-key\n")
	if got, want := s.Redact("log: second-line-of-key"), "log: "+redact.Mask; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLongerSecretWins(t *testing.T) {
	s := redact.New(nil, "abcdef", "abcdefghij")
	if got, want := s.Redact("-abcdefghij-abcdef-"), "-"+redact.Mask+"-"+redact.Mask+"-"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestShortAndEmptySecretsMaskNothing(t *testing.T) {
	s := redact.New(nil, "", "1", "abc", "      ")
	if got, want := s.Redact("1 abc      x"), "1 abc      x"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPatterns(t *testing.T) {
	cases := []struct{ name, in, want string }{
		{"assignment", "POSTGRES_PASSWORD=hunter2 PORT=1", "POSTGRES_PASSWORD=[redacted] PORT=1"},
		{"YAML", `system.secret-key: 'a''b'`, `system.secret-key: '[redacted]''b'`},
		{"JSON", `{"password":"a\"b","user":"x"}`, `{"password":"[redacted]","user":"x"}`},
		{"Python", `SECRET_KEY = "abc"`, `SECRET_KEY = "[redacted]"`},
		{"query", "GET /?token=abc&x=1", "GET /?token=[redacted]&x=1"},
		{"flag", "run --admin-password hunter2 --yes", "run --admin-password [redacted] --yes"},
		{"header", "Authorization: Bearer abc.def", "Authorization: Bearer [redacted]"},
		{"header in JSON", `"Authorization":"Basic YTpi"`, `"Authorization":"Basic [redacted]"`},
		{"DSN", "https://public:private@sentry.example.com/1", "https://public:[redacted]@sentry.example.com/1"},
		{"public DSN stays", "https://public@sentry.example.com/1", "https://public@sentry.example.com/1"},
		{"at sign in password", "postgres://u:p@ss@db:5432/x", "postgres://u:[redacted]@db:5432/x"},
		{"image digests stay", "nginx@sha256:abc http://a:80/x@y", "nginx@sha256:abc http://a:80/x@y"},
		{"envelope header", "X-Sentry-Auth: Sentry sentry_key=a, sentry_secret=b", "X-Sentry-Auth: Sentry sentry_key=a, sentry_secret=[redacted]"},
		{"key file", "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END", "-----BEGIN RSA PRIVATE KEY-----[redacted]-----END"},
		{"advice stays", "Run with --admin-password=$ADMIN_PASSWORD or password=<yours>", "Run with --admin-password=$ADMIN_PASSWORD or password=<yours>"},
		{"titles stay", "Make the secret key", "Make the secret key"},
	}
	s := redact.New(nil)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := s.Redact(c.in); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestSecretsCanBeAddedWhileOthersSpeak(t *testing.T) {
	s := redact.New(nil)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			mine := fmt.Sprintf("secret-number-%d", i)
			s.Add(mine)
			if got := s.Redact(mine); got != redact.Mask {
				t.Errorf("got %q", got)
			}
		})
	}
	wg.Wait()
}

func FuzzRedact(f *testing.F) {
	f.Add("hunter22", "password=")
	f.Add(secret, "Authorization: Basic ")
	f.Fuzz(func(t *testing.T, sec, around string) {
		sec = strings.TrimSpace(sec)
		if len(sec) < redact.MinSecret || strings.Contains(redact.Mask, sec) || strings.Contains(around+"|"+redact.Mask+"|"+around, sec) {
			return
		}
		s := redact.New(nil, sec)
		if got := s.Redact(around + "|" + sec + "|" + around); strings.Contains(got, "|"+sec+"|") {
			t.Errorf("secret %q survives in %q", sec, got)
		}
	})
}

func BenchmarkEmitLog(b *testing.B) {
	secrets := make([]string, 20)
	r := rand.New(rand.NewSource(1))
	for i := range secrets {
		secrets[i] = fmt.Sprintf("%016x%016x", r.Int63(), r.Int63())
	}
	s := redact.New(nil, secrets...)
	e := event.Log{Source: "web", Text: "2026-03-14 09:29:12,091 [INFO] sentry.access.api: api.access (method='GET' path='/api/0/internal/health/' status_code=200)"}
	b.ReportAllocs()
	for b.Loop() {
		s.Emit(e)
	}
}
