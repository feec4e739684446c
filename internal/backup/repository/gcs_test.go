package repository_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
)

// gcsServer speaks as much of Cloud Storage's API as a repository needs. It
// hands out tokens for what the key of its service account has signed.
type gcsServer struct {
	key *rsa.PublicKey
	box bucket

	mu      sync.Mutex
	uploads map[string]*object // that go on over several requests
}

func gcsPlace(t *testing.T) target {
	g := &gate{}
	account, key := serviceAccount(t)
	other, _ := serviceAccount(t)
	srv := &gcsServer{key: key, uploads: map[string]*object{}}
	theInternet.serve(t, g, srv, "storage.googleapis.com", "oauth2.googleapis.com")
	a := access(t, "gs://box/sentry")
	a.Credentials = repository.Credentials{"GOOGLE_APPLICATION_CREDENTIALS": account}
	return target{access: a, gate: g, wrong: repository.Credentials{"GOOGLE_APPLICATION_CREDENTIALS": other}}
}

// serviceAccount is what Google hands out as a file.
func serviceAccount(t *testing.T) (file string, public *rsa.PublicKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": "p", "private_key_id": "1", "client_email": "backup@p.iam.gserviceaccount.com", "client_id": "1",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": "https://oauth2.googleapis.com/token",
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text), &key.PublicKey
}

const gcsToken = "token"

// token gives one to who signs with the key.
func (s *gcsServer) token(w http.ResponseWriter, r *http.Request) {
	if !s.signed(r.FormValue("assertion")) {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"error":"invalid_grant","error_description":"Invalid JWT Signature."}`)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, `{"access_token":"`+gcsToken+`","token_type":"Bearer","expires_in":3600}`)
}

func (s *gcsServer) signed(token string) bool {
	end := strings.LastIndexByte(token, '.')
	if end < 0 {
		return false
	}
	sig, err := base64.RawURLEncoding.DecodeString(token[end+1:])
	sum := sha256.Sum256([]byte(token[:end]))
	return err == nil && rsa.VerifyPKCS1v15(s.key, crypto.SHA256, sum[:], sig) == nil
}

func (s *gcsServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const objects = "/storage/v1/b/box/o"
	switch {
	case r.URL.Path == "/token":
		s.token(w, r)
	case r.Header.Get("Authorization") != "Bearer "+gcsToken:
		s.refuse(w, http.StatusUnauthorized, "Invalid Credentials")
	case r.URL.Path == "/upload"+objects:
		s.upload(w, r)
	case r.URL.Path == objects:
		s.list(w, r)
	case strings.HasPrefix(r.URL.Path, objects+"/"):
		s.object(w, r, strings.TrimPrefix(r.URL.Path, objects+"/"))
	case strings.HasPrefix(r.URL.Path, "/box/"):
		s.download(w, r, strings.TrimPrefix(r.URL.Path, "/box/"))
	default:
		s.refuse(w, http.StatusNotFound, "The specified bucket does not exist.")
	}
}

func (s *gcsServer) refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"code":%d,"message":%q}}`, status, message)
}

func (s *gcsServer) tell(o object) map[string]any {
	when := o.when.Format(time.RFC3339Nano)
	return map[string]any{"kind": "storage#object", "bucket": "box", "name": o.name, "size": strconv.Itoa(len(o.data)), "metadata": o.meta,
		"timeCreated": when, "updated": when, "generation": "1", "metageneration": "1"}
}

func (s *gcsServer) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	list, next := s.box.page(q.Get("prefix"), q.Get("pageToken"), 10)
	items := []any{}
	for _, o := range list {
		items = append(items, s.tell(o))
	}
	json.NewEncoder(w).Encode(map[string]any{"kind": "storage#objects", "items": items, "nextPageToken": next})
}

func (s *gcsServer) object(w http.ResponseWriter, r *http.Request, name string) {
	o, there := s.box.get(name)
	switch {
	case !there:
		s.refuse(w, http.StatusNotFound, "No such object")
	case r.Method == http.MethodDelete:
		s.box.remove(name)
		w.WriteHeader(http.StatusNoContent)
	default:
		json.NewEncoder(w).Encode(s.tell(o))
	}
}

func (s *gcsServer) download(w http.ResponseWriter, r *http.Request, name string) {
	o, there := s.box.get(name)
	if !there {
		s.refuse(w, http.StatusNotFound, "No such object")
		return
	}
	w.Header().Set("X-Goog-Generation", "1")
	w.Header().Set("X-Goog-Metageneration", "1")
	http.ServeContent(w, r, "", o.when, strings.NewReader(string(o.data)))
}

// upload takes small objects in one request, and begins large ones.
func (s *gcsServer) upload(w http.ResponseWriter, r *http.Request) {
	if id := r.URL.Query().Get("upload_id"); id != "" {
		s.goOn(w, r, id)
		return
	}
	var about struct {
		Name     string
		Metadata map[string]string
	}
	if r.URL.Query().Get("uploadType") == "resumable" {
		if err := json.NewDecoder(r.Body).Decode(&about); err != nil {
			s.refuse(w, http.StatusBadRequest, err.Error())
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		id := strconv.Itoa(len(s.uploads))
		s.uploads[id] = &object{name: about.Name, meta: about.Metadata}
		w.Header().Set("Location", "https://storage.googleapis.com"+r.URL.Path+"?upload_id="+id)
		return
	}
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		s.refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	parts := multipart.NewReader(r.Body, params["boundary"])
	head, err := parts.NextPart()
	if err == nil {
		err = json.NewDecoder(head).Decode(&about)
	}
	if err != nil {
		s.refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	body, err := parts.NextPart()
	if err != nil {
		s.refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	data, err := io.ReadAll(body)
	if err != nil {
		s.refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	json.NewEncoder(w).Encode(s.tell(s.box.put(object{name: about.Name, meta: about.Metadata, data: data})))
}

// goOn takes a chunk: "bytes 0-99/*", the last one with the length.
func (s *gcsServer) goOn(w http.ResponseWriter, r *http.Request, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, known := s.uploads[id]
	data, err := io.ReadAll(r.Body)
	if err != nil || !known {
		s.refuse(w, http.StatusBadRequest, "no such upload")
		return
	}
	var from, to int
	if _, err := fmt.Sscanf(r.Header.Get("Content-Range"), "bytes %d-%d/", &from, &to); err == nil && from <= len(o.data) {
		o.data = append(o.data[:from], data...)
	}
	if strings.HasSuffix(r.Header.Get("Content-Range"), "/*") {
		w.Header().Set("Range", fmt.Sprintf("bytes=0-%d", len(o.data)-1))
		w.Header().Set("X-Http-Status-Code-Override", "308") // the client asks not to get the real one
		return
	}
	json.NewEncoder(w).Encode(s.tell(s.box.put(*o)))
}
