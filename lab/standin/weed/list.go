package weed

import (
	"encoding/xml"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

type bucketEntry struct {
	Name         string
	CreationDate string
}

func (a *s3) listBuckets(w http.ResponseWriter) {
	var out struct {
		XMLName xml.Name `xml:"ListAllMyBucketsResult"`
		Xmlns   string   `xml:"xmlns,attr"`
		Owner   struct{ ID, DisplayName string }
		Buckets []bucketEntry `xml:"Buckets>Bucket"`
	}
	out.Xmlns = namespace
	all := a.store.list()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out.Buckets = append(out.Buckets, bucketEntry{name, stamp(all[name])})
	}
	answer(w, http.StatusOK, out)
}

type objectEntry struct {
	Key          string
	LastModified string
	ETag         string
	Size         int64
	StorageClass string
}

type prefixEntry struct{ Prefix string }

type listing struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	Xmlns                 string   `xml:"xmlns,attr"`
	Name                  string
	Prefix                string
	Delimiter             string `xml:",omitempty"`
	MaxKeys               int
	KeyCount              int
	IsTruncated           bool
	NextContinuationToken string `xml:",omitempty"`
	NextMarker            string `xml:",omitempty"`
	Contents              []objectEntry
	CommonPrefixes        []prefixEntry
}

// listObjects is version 1 and 2 of the request; the token is the last key.
func (a *s3) listObjects(w http.ResponseWriter, r *http.Request, name string) {
	q := r.URL.Query()
	most, err := strconv.Atoi(q.Get("max-keys"))
	if err != nil || most > 1000 {
		most = 1000
	}
	from := max(q.Get("marker"), q.Get("start-after"), q.Get("continuation-token"))
	out := listing{Xmlns: namespace, Name: name, Prefix: q.Get("prefix"), Delimiter: q.Get("delimiter"), MaxKeys: most}
	last := ""
	for _, o := range a.store.objects(name) {
		rest, ok := strings.CutPrefix(o.Key, out.Prefix)
		if !ok || o.Key <= from {
			continue
		}
		entry := o.Key
		if i := strings.Index(rest, out.Delimiter); out.Delimiter != "" && i >= 0 {
			entry = out.Prefix + rest[:i+len(out.Delimiter)]
			// A prefix was listed when its first key was: go on behind all of them.
			if entry == last || strings.HasPrefix(from, entry) {
				continue
			}
		}
		if out.KeyCount == most {
			out.IsTruncated, out.NextContinuationToken, out.NextMarker = true, last, last
			break
		}
		out.KeyCount++
		last = entry
		if entry != o.Key {
			out.CommonPrefixes = append(out.CommonPrefixes, prefixEntry{entry})
			continue
		}
		out.Contents = append(out.Contents, objectEntry{o.Key, stamp(o.Modified), quote(o.ETag), o.size, "STANDARD"})
	}
	answer(w, http.StatusOK, out)
}
