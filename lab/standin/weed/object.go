package weed

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

func (a *s3) object(w http.ResponseWriter, r *http.Request, name, key string) {
	q := r.URL.Query()
	switch {
	case q.Has("uploads") || q.Has("uploadId"):
		a.multipart(w, r, name, key)
	case q.Has("tagging") || q.Has("acl"):
		refuse(w, http.StatusNotImplemented, "NotImplemented")
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		a.read(w, r, name, key)
	case r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "":
		a.copy(w, r, name, key)
	case r.Method == http.MethodPut:
		data, err := body(r)
		if err != nil {
			refuse(w, http.StatusBadRequest, "IncompleteBody")
			return
		}
		o, err := a.store.put(name, described(r, key), data)
		if err != nil {
			broken(w, err)
			return
		}
		w.Header().Set("ETag", quote(o.ETag))
	case r.Method == http.MethodDelete:
		if err := a.store.del(name, key); err != nil {
			broken(w, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	default:
		refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowed")
	}
}

// described is a new object with what the request's headers say about it.
func described(r *http.Request, key string) object {
	o := object{Key: key, Type: r.Header.Get("Content-Type"), Meta: map[string]string{}}
	for h := range r.Header {
		if strings.HasPrefix(h, "X-Amz-Meta-") {
			o.Meta[h] = r.Header.Get(h)
		}
	}
	// Only what concerns the object, not the way it was sent.
	if e := strings.Trim(strings.Replace(r.Header.Get("Content-Encoding"), "aws-chunked", "", 1), ", "); e != "" {
		o.Meta["Content-Encoding"] = e
	}
	return o
}

func (a *s3) read(w http.ResponseWriter, r *http.Request, name, key string) {
	o, data, closer, err := a.store.get(name, key)
	if err != nil {
		broken(w, err)
		return
	}
	defer closer.Close()
	h := w.Header()
	h.Set("ETag", quote(o.ETag))
	h.Set("Content-Type", "application/octet-stream")
	if o.Type != "" {
		h.Set("Content-Type", o.Type)
	}
	for k, v := range o.Meta {
		h.Set(k, v)
	}
	http.ServeContent(w, r, "", o.Modified, data)
}

func (a *s3) copy(w http.ResponseWriter, r *http.Request, name, key string) {
	from, err := url.PathUnescape(strings.TrimPrefix(r.Header.Get("X-Amz-Copy-Source"), "/"))
	fromBucket, fromKey, _ := strings.Cut(from, "/")
	if err != nil || !a.store.has(fromBucket) {
		refuse(w, http.StatusNotFound, "NoSuchBucket")
		return
	}
	o, section, closer, err := a.store.get(fromBucket, fromKey)
	if err != nil {
		broken(w, err)
		return
	}
	defer closer.Close()
	data, err := io.ReadAll(section)
	if err == nil {
		o.Key = key
		o, err = a.store.put(name, o, data)
	}
	if err != nil {
		broken(w, err)
		return
	}
	answer(w, http.StatusOK, struct {
		XMLName            xml.Name `xml:"CopyObjectResult"`
		LastModified, ETag string
	}{LastModified: stamp(o.Modified), ETag: quote(o.ETag)})
}

func (a *s3) deleteMany(w http.ResponseWriter, r *http.Request, name string) {
	var in struct {
		Quiet  bool
		Object []struct{ Key string }
	}
	text, err := body(r)
	if err != nil || xml.Unmarshal(text, &in) != nil {
		refuse(w, http.StatusBadRequest, "MalformedXML")
		return
	}
	var out struct {
		XMLName xml.Name `xml:"DeleteResult"`
		Deleted []struct{ Key string }
	}
	for _, o := range in.Object {
		if err := a.store.del(name, o.Key); err != nil {
			broken(w, err)
			return
		}
		if !in.Quiet {
			out.Deleted = append(out.Deleted, o)
		}
	}
	answer(w, http.StatusOK, out)
}

// body reads a request's bytes, out of signed chunks where they are.
func body(r *http.Request) ([]byte, error) {
	limited := http.MaxBytesReader(nil, r.Body, maxObject)
	if strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") || strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked") {
		return unchunk(bufio.NewReader(limited))
	}
	data, err := io.ReadAll(limited)
	if err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	return data, nil
}

// unchunk reads SIZE[;chunk-signature=…] CRLF bytes CRLF … up to size 0; the
// trailer that may follow is left.
func unchunk(r *bufio.Reader) ([]byte, error) {
	var data bytes.Buffer
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("read chunk: %w", err)
		}
		size, _, _ := strings.Cut(strings.TrimSpace(line), ";")
		n, err := strconv.ParseInt(size, 16, 64)
		if err != nil {
			return nil, fmt.Errorf("read chunk: %w", err)
		}
		if n == 0 {
			return data.Bytes(), nil
		}
		if _, err := io.CopyN(&data, r, n); err != nil {
			return nil, fmt.Errorf("read chunk: %w", err)
		}
		if _, err := r.Discard(2); err != nil {
			return nil, fmt.Errorf("read chunk: %w", err)
		}
	}
}
