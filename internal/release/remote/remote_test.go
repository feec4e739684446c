package remote

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/internal/fault"
)

func serve(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/file", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "0123456789") })
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/file", http.StatusFound) })
	mux.HandleFunc("/plain", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://example.org/file", http.StatusFound)
	})
	mux.HandleFunc("/secret", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	mux.HandleFunc("/busy", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	mux.HandleFunc("/stuck", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "0123")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "0123")
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

func TestDownload(t *testing.T) {
	base := serve(t)
	cases := []struct {
		name, url string
		want      string
		code      fault.Code
		says      string
	}{
		{"file", base + "/file", "0123456789", fault.OK, ""},
		{"redirect", base + "/moved", "0123456789", fault.OK, ""},
		{"redirect to plain http", base + "/plain", "", fault.Other, "not https"},
		{"not published", base + "/none?token=abc", "", fault.Usage, base + "/none: the server answered 404"},
		{"forbidden", base + "/secret", "", fault.Other, "403"},
		{"busy", base + "/busy", "", fault.Other, "503"},
		{"cut short", base + "/cut", "", fault.Other, "EOF"},
		{"silent", base + "/stuck", "", fault.Other, "sent nothing"},
		{"plain http", "http://example.org/x", "", fault.Usage, "not an https URL"},
		{"another scheme", "ftp://example.org/x", "", fault.Usage, "not an https URL"},
		{"no URL", "://", "", fault.Usage, "not a URL"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			idle := time.Minute
			if tc.name == "silent" {
				idle = 50 * time.Millisecond
			}
			c := with(&http.Transport{}, idle)
			got, err := c.Download(t.Context(), tc.url, 100)
			if string(got) != tc.want || fault.CodeOf(err) != tc.code {
				t.Fatalf("got %q, %v (%d); want %q, code %d", got, err, fault.CodeOf(err), tc.want, tc.code)
			}
			if err != nil && (!strings.Contains(err.Error(), tc.says) || fault.HintOf(err) == "") {
				t.Errorf("got %v, hint %q; want a hint and %q", err, fault.HintOf(err), tc.says)
			}
			if strings.Contains(fmt.Sprint(err, fault.HintOf(err)), "token") {
				t.Errorf("a secret stands in %v", err)
			}
		})
	}
	if _, err := with(&http.Transport{}, time.Minute).Download(t.Context(), base+"/file", 9); fault.CodeOf(err) != fault.Integrity {
		t.Errorf("got %v, want an integrity error for more than the limit", err)
	}
}

func TestTroubleIsNamed(t *testing.T) {
	tls := httptest.NewUnstartedServer(http.NotFoundHandler())
	tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	tls.StartTLS()
	defer tls.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	proxy, err := url.Parse(gone.URL)
	if err != nil {
		t.Fatal(err)
	}
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	cases := []struct {
		name, url string
		transport *http.Transport
		hint      string
	}{
		{"unknown authority", tls.URL, &http.Transport{}, "update-ca-certificates"},
		{"nobody listens", gone.URL, &http.Transport{}, "curl -sIL"},
		{"proxy is gone", tls.URL, &http.Transport{Proxy: http.ProxyURL(proxy)}, "HTTPS_PROXY"},
		{"no https there", "https" + strings.TrimPrefix(plain.URL, "http"), &http.Transport{}, "speaks https"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := with(tc.transport, time.Minute).Get(t.Context(), tc.url)
			if !strings.Contains(fault.HintOf(err), tc.hint) {
				t.Errorf("got %v, hint %q; want a hint with %q", err, fault.HintOf(err), tc.hint)
			}
		})
	}
	u := &url.URL{Scheme: "https", Host: "nowhere.example.org"}
	err = explain(u, &url.Error{Err: &net.OpError{Op: "dial", Err: &net.DNSError{Name: u.Host, Err: "no such host"}}})
	if want := "getent hosts nowhere.example.org"; !strings.Contains(fault.HintOf(err), want) {
		t.Errorf("got hint %q, want %q", fault.HintOf(err), want)
	}
	if err := explain(u, &url.Error{Err: errors.New("https://user:pass@nowhere")}); fault.CodeOf(err) != fault.Other {
		t.Errorf("got %v, want another failure", err)
	}
}
