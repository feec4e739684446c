package repository_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
)

// azureServer speaks as much of the Blob service's API as a repository needs,
// with the check of its signatures.
type azureServer struct {
	account, key string
	box          bucket
}

func azurePlace(t *testing.T) target {
	g := &gate{}
	srv := &azureServer{account: "acme", key: base64.StdEncoding.EncodeToString([]byte("the key of the account"))}
	theInternet.serve(t, g, srv, "acme.blob.core.windows.net")
	a := access(t, "azure://box/sentry?account=acme")
	a.Credentials = repository.Credentials{"AZURE_STORAGE_KEY": srv.key}
	return target{access: a, gate: g, wrong: repository.Credentials{"AZURE_STORAGE_KEY": base64.StdEncoding.EncodeToString([]byte("another key"))}}
}

func (s *azureServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.signed(r) {
		s.refuse(w, http.StatusForbidden, "AuthenticationFailed")
		return
	}
	box, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case box != "box":
		s.refuse(w, http.StatusNotFound, "ContainerNotFound")
	case name == "" && r.URL.Query().Get("comp") == "list":
		s.list(w, r)
	case r.Method == http.MethodPut:
		s.put(w, r, name)
	case r.Method == http.MethodDelete:
		if !s.box.remove(name) {
			s.refuse(w, http.StatusNotFound, "BlobNotFound")
			return
		}
		w.WriteHeader(http.StatusAccepted)
	default:
		s.get(w, r, name)
	}
}

func (s *azureServer) refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("x-ms-error-code", code)
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>refused</Message></Error>", code)
}

// signed checks the shared key as the service's documentation says.
func (s *azureServer) signed(r *http.Request) bool {
	h := r.Header
	length := ""
	if r.ContentLength > 0 {
		length = strconv.FormatInt(r.ContentLength, 10)
	}
	parts := []string{r.Method, h.Get("Content-Encoding"), h.Get("Content-Language"), length, h.Get("Content-MD5"), h.Get("Content-Type"), h.Get("Date"),
		h.Get("If-Modified-Since"), h.Get("If-Match"), h.Get("If-None-Match"), h.Get("If-Unmodified-Since"), h.Get("Range")}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if low := strings.ToLower(name); strings.HasPrefix(low, "x-ms-") {
			parts = append(parts, low+":"+h.Get(name))
		}
	}
	resource := "/" + s.account + r.URL.EscapedPath()
	q := r.URL.Query()
	for _, name := range slices.Sorted(maps.Keys(q)) {
		resource += "\n" + strings.ToLower(name) + ":" + strings.Join(q[name], ",")
	}
	key, _ := base64.StdEncoding.DecodeString(s.key)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(strings.Join(append(parts, resource), "\n")))
	return h.Get("Authorization") == "SharedKey "+s.account+":"+base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func (s *azureServer) put(w http.ResponseWriter, r *http.Request, name string) {
	data, err := io.ReadAll(r.Body)
	if err != nil || r.Header.Get("x-ms-blob-type") != "BlockBlob" {
		s.refuse(w, http.StatusBadRequest, "InvalidInput")
		return
	}
	meta := map[string]string{}
	for key := range r.Header {
		if name, is := strings.CutPrefix(strings.ToLower(key), "x-ms-meta-"); is {
			meta[name] = r.Header.Get(key)
		}
	}
	o := s.box.put(object{name: name, data: data, meta: meta})
	w.Header().Set("Last-Modified", o.when.Format(http.TimeFormat))
	w.WriteHeader(http.StatusCreated)
}

func (s *azureServer) get(w http.ResponseWriter, r *http.Request, name string) {
	o, there := s.box.get(name)
	if !there {
		s.refuse(w, http.StatusNotFound, "BlobNotFound")
		return
	}
	for key, value := range o.meta {
		w.Header().Set("x-ms-meta-"+key, value)
	}
	w.Header().Set("Last-Modified", o.when.Format(http.TimeFormat))
	data, status := o.data, http.StatusOK
	if part := r.Header.Get("x-ms-range"); part != "" {
		var from, to int
		if _, err := fmt.Sscanf(part, "bytes=%d-%d", &from, &to); err != nil || from >= len(data) {
			s.refuse(w, http.StatusRequestedRangeNotSatisfiable, "InvalidRange")
			return
		}
		data, status = data[from:min(to+1, len(data))], http.StatusPartialContent
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(data)
	}
}

func (s *azureServer) list(w http.ResponseWriter, r *http.Request) {
	type entry struct {
		Name       string
		Properties struct {
			LastModified  string `xml:"Last-Modified"`
			ContentLength int    `xml:"Content-Length"`
		}
		Metadata struct {
			Inner string `xml:",innerxml"`
		}
	}
	var out struct {
		XMLName    xml.Name `xml:"EnumerationResults"`
		Blobs      struct{ Blob []entry }
		NextMarker string
	}
	q := r.URL.Query()
	list, next := s.box.page(q.Get("prefix"), q.Get("marker"), 10) // few, so that pages are gone through
	out.NextMarker = next
	for _, o := range list {
		e := entry{Name: o.name}
		e.Properties.ContentLength = len(o.data)
		e.Properties.LastModified = o.when.Format(http.TimeFormat)
		for key, value := range o.meta {
			e.Metadata.Inner += fmt.Sprintf("<%s>%s</%s>", key, value, key)
		}
		out.Blobs.Blob = append(out.Blobs.Blob, e)
	}
	w.Header().Set("Content-Type", "application/xml")
	io.WriteString(w, xml.Header)
	xml.NewEncoder(w).Encode(out)
}
