package weed

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"sync"

	"github.com/google/uuid"
)

// uploads are the multipart uploads that are under way. They end with the
// process: a client begins anew.
type uploads struct {
	mu  sync.Mutex
	all map[string]*upload
}

type upload struct {
	target object
	parts  map[int][]byte
}

func (u *uploads) begin(o object) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.all == nil {
		u.all = map[string]*upload{}
	}
	id := uuid.NewString()
	u.all[id] = &upload{target: o, parts: map[int][]byte{}}
	return id
}

func (u *uploads) add(id string, n int, data []byte) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	up := u.all[id]
	if up != nil {
		up.parts[n] = data
	}
	return up != nil
}

// end takes an upload out.
func (u *uploads) end(id string) *upload {
	u.mu.Lock()
	defer u.mu.Unlock()
	up := u.all[id]
	delete(u.all, id)
	return up
}

func (a *s3) multipart(w http.ResponseWriter, r *http.Request, name, key string) {
	q := r.URL.Query()
	id := q.Get("uploadId")
	switch {
	case r.Method == http.MethodPost && q.Has("uploads"):
		answer(w, http.StatusOK, struct {
			XMLName               xml.Name `xml:"InitiateMultipartUploadResult"`
			Bucket, Key, UploadId string
		}{Bucket: name, Key: key, UploadId: a.uploads.begin(described(r, key))})
	case r.Method == http.MethodPut:
		a.putPart(w, r, id)
	case r.Method == http.MethodPost:
		a.complete(w, r, name, id)
	case r.Method == http.MethodDelete:
		a.uploads.end(id)
		w.WriteHeader(http.StatusNoContent)
	default:
		refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowed")
	}
}

func (a *s3) putPart(w http.ResponseWriter, r *http.Request, id string) {
	n, err := strconv.Atoi(r.URL.Query().Get("partNumber"))
	data, berr := body(r)
	if err != nil || berr != nil {
		refuse(w, http.StatusBadRequest, "InvalidPart")
		return
	}
	if !a.uploads.add(id, n, data) {
		refuse(w, http.StatusNotFound, "NoSuchUpload")
		return
	}
	sum := md5.Sum(data)
	w.Header().Set("ETag", quote(hex.EncodeToString(sum[:])))
}

func (a *s3) complete(w http.ResponseWriter, r *http.Request, name, id string) {
	var in struct{ Part []struct{ PartNumber int } }
	text, err := body(r)
	if err != nil || xml.Unmarshal(text, &in) != nil {
		refuse(w, http.StatusBadRequest, "MalformedXML")
		return
	}
	up := a.uploads.end(id)
	if up == nil {
		refuse(w, http.StatusNotFound, "NoSuchUpload")
		return
	}
	var data, sums []byte
	for _, p := range in.Part {
		one, ok := up.parts[p.PartNumber]
		if !ok {
			refuse(w, http.StatusBadRequest, "InvalidPart")
			return
		}
		sum := md5.Sum(one)
		data, sums = append(data, one...), append(sums, sum[:]...)
	}
	all := md5.Sum(sums)
	up.target.ETag = fmt.Sprintf("%x-%d", all, len(in.Part))
	o, err := a.store.put(name, up.target, data)
	if err != nil {
		broken(w, err)
		return
	}
	answer(w, http.StatusOK, struct {
		XMLName           xml.Name `xml:"CompleteMultipartUploadResult"`
		Bucket, Key, ETag string
	}{Bucket: name, Key: o.Key, ETag: quote(o.ETag)})
}
