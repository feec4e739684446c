package probe

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPostTriesAgainUntilTheDoorOpens(t *testing.T) {
	var got []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, r.URL.Path+" "+r.Header.Get("X-Sentry-Auth"))
		if len(got) == 1 {
			http.Error(w, "not yet", http.StatusBadGateway)
			return
		}
		if !strings.Contains(string(body), `"event_id"`) {
			t.Errorf("got body %s", body)
		}
	}))
	defer srv.Close()
	id, err := Probe{URL: srv.URL + "/"}.Post(t.Context(), "abc", "1")
	if err != nil || len(id) != 32 {
		t.Fatalf("got ID %q and %v", id, err)
	}
	want := "/api/1/store/ Sentry sentry_version=7, sentry_client=lab/1, sentry_key=abc"
	if diff := cmp.Diff([]string{want, want}, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestOfSite(t *testing.T) {
	tests := map[string]struct {
		env, custom string
		want        Probe
		fails       bool
	}{
		"port":           {env: "# a\nCOMPOSE_PROJECT_NAME=lab-x\nSENTRY_BIND=18001\n", want: Probe{Project: "lab-x", URL: "http://127.0.0.1:18001"}},
		"custom wins":    {env: "COMPOSE_PROJECT_NAME=lab-x\nSENTRY_BIND=1\n", custom: "SENTRY_BIND='127.0.0.2:18002'\n", want: Probe{Project: "lab-x", URL: "http://127.0.0.2:18002"}},
		"every address":  {env: "COMPOSE_PROJECT_NAME=lab-x\nSENTRY_BIND=0.0.0.0:18003\n", want: Probe{Project: "lab-x", URL: "http://127.0.0.1:18003"}},
		"no site at all": {fails: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("COMPOSE_PROJECT_NAME", "")
			t.Setenv("SENTRY_BIND", "")
			dir := t.TempDir()
			for file, text := range map[string]string{".env": tt.env, ".env.custom": tt.custom} {
				if text == "" {
					continue
				}
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := OfSite(Probe{}.Docker, dir)
			if (err != nil) != tt.fails {
				t.Fatalf("got error %v", err)
			}
			if diff := cmp.Diff(tt.want, got); !tt.fails && diff != "" {
				t.Errorf("probe (-want +got):\n%s", diff)
			}
		})
	}
}
