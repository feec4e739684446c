package weed

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// s3 answers S3 requests in path style. A request must carry the access key;
// its signature is not looked at.
type s3 struct {
	store     *store
	accessKey string // empty: anybody may
	uploads   uploads
}

// maxObject is the largest object or part.
const maxObject = 256 << 20

const namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

func (a *s3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/healthz" || r.URL.Path == "/status" {
		proc.Healthy("")(w, r)
		return
	}
	if code := a.refusal(r); code != "" {
		refuse(w, http.StatusForbidden, code)
		return
	}
	name, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case name == "":
		a.listBuckets(w)
	case key == "":
		a.bucket(w, r, name)
	case !a.store.has(name):
		refuse(w, http.StatusNotFound, "NoSuchBucket")
	default:
		a.object(w, r, name, key)
	}
}

var credential = regexp.MustCompile(`(?:Credential=|^AWS )([^/:,]+)`)

// refusal is the S3 error code for a request without the right access key.
func (a *s3) refusal(r *http.Request) string {
	if a.accessKey == "" {
		return ""
	}
	q := r.URL.Query()
	given := q.Get("AWSAccessKeyId")
	if c := q.Get("X-Amz-Credential"); c != "" {
		given, _, _ = strings.Cut(c, "/")
	}
	if m := credential.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		given = m[1]
	}
	switch given {
	case a.accessKey:
		return ""
	case "":
		return "AccessDenied"
	}
	return "InvalidAccessKeyId"
}

func refuse(w http.ResponseWriter, status int, code string) {
	type body struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
		Message string
	}
	answer(w, status, body{Code: code, Message: code})
}

func answer(w http.ResponseWriter, status int, body any) {
	text, err := xml.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	io.WriteString(w, xml.Header+string(text)) //nolint:errcheck // the peer's loss
}

func broken(w http.ResponseWriter, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		refuse(w, http.StatusNotFound, "NoSuchKey")
		return
	}
	http.Error(w, err.Error(), http.StatusInternalServerError)
}

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

func (a *s3) bucket(w http.ResponseWriter, r *http.Request, name string) {
	q := r.URL.Query()
	if r.Method == http.MethodPut && len(q) == 0 {
		a.createBucket(w, name)
		return
	}
	if !a.store.has(name) {
		refuse(w, http.StatusNotFound, "NoSuchBucket")
		return
	}
	switch {
	case q.Has("lifecycle"):
		a.lifecycle(w, r, name)
	case q.Has("location"):
		answer(w, http.StatusOK, struct {
			XMLName xml.Name `xml:"LocationConstraint"`
		}{})
	case r.Method == http.MethodHead:
	case r.Method == http.MethodPost && q.Has("delete"):
		a.deleteMany(w, r, name)
	case r.Method == http.MethodGet && (q.Has("versioning") || q.Has("acl") || q.Has("policy") || q.Has("object-lock")):
		refuse(w, http.StatusNotFound, "NoSuchConfiguration")
	case r.Method == http.MethodGet && q.Has("uploads"):
		answer(w, http.StatusOK, struct {
			XMLName xml.Name `xml:"ListMultipartUploadsResult"`
		}{})
	case r.Method == http.MethodGet:
		a.listObjects(w, r, name)
	case r.Method == http.MethodDelete:
		a.deleteBucket(w, name)
	default:
		refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowed")
	}
}

func (a *s3) createBucket(w http.ResponseWriter, name string) {
	if !bucketName.MatchString(name) {
		refuse(w, http.StatusBadRequest, "InvalidBucketName")
		return
	}
	existed, err := a.store.create(name)
	switch {
	case err != nil:
		broken(w, err)
	case existed:
		refuse(w, http.StatusConflict, "BucketAlreadyOwnedByYou")
	default:
		w.Header().Set("Location", "/"+name)
	}
}

func (a *s3) deleteBucket(w http.ResponseWriter, name string) {
	switch err := a.store.remove(name); {
	case errors.Is(err, errNotEmpty):
		refuse(w, http.StatusConflict, "BucketNotEmpty")
	case err != nil:
		broken(w, err)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// lifecycle keeps the policy as it came.
func (a *s3) lifecycle(w http.ResponseWriter, r *http.Request, name string) {
	path := filepath.Join(a.store.dir, name, lifecycleFile)
	switch r.Method {
	case http.MethodPut:
		text, err := body(r)
		var root struct{ XMLName xml.Name }
		if err == nil && (xml.Unmarshal(text, &root) != nil || root.XMLName.Local != "LifecycleConfiguration") {
			refuse(w, http.StatusBadRequest, "MalformedXML")
			return
		}
		if err == nil {
			err = writeFile(path, 0o644, text)
		}
		if err != nil {
			broken(w, err)
		}
	case http.MethodGet:
		text, err := os.ReadFile(path)
		if err != nil {
			refuse(w, http.StatusNotFound, "NoSuchLifecycleConfiguration")
			return
		}
		w.Header().Set("Content-Type", "application/xml")
		w.Write(text) //nolint:errcheck // the peer's loss
	case http.MethodDelete:
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			broken(w, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func quote(etag string) string { return fmt.Sprintf("%q", etag) }
