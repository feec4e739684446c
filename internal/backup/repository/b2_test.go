package repository_test

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
)

// b2Server speaks as much of B2's API as a repository needs.
type b2Server struct{ box bucket }

const b2Token = "token"

func b2Place(t *testing.T) target {
	g := &gate{}
	theInternet.serve(t, g, &b2Server{}, "api.backblazeb2.com")
	a := access(t, "b2://backups/sentry")
	a.Credentials = repository.Credentials{"B2_APPLICATION_KEY_ID": "id", "B2_APPLICATION_KEY": "b2-secret"}
	return target{access: a, gate: g, wrong: repository.Credentials{"B2_APPLICATION_KEY_ID": "id", "B2_APPLICATION_KEY": "other-secret"}}
}

func (s *b2Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call := strings.TrimPrefix(r.URL.Path, "/b2api/v1/")
	if call == "b2_authorize_account" {
		if id, key, _ := r.BasicAuth(); id != "id" || key != "b2-secret" {
			s.refuse(w, http.StatusUnauthorized, "unauthorized")
			return
		}
		here := "https://api.backblazeb2.com"
		json.NewEncoder(w).Encode(map[string]string{"accountId": "a", "apiUrl": here, "downloadUrl": here, "authorizationToken": b2Token})
		return
	}
	if r.Header.Get("Authorization") != b2Token {
		s.refuse(w, http.StatusUnauthorized, "bad_auth_token")
		return
	}
	if name, is := strings.CutPrefix(r.URL.Path, "/file/backups/"); is {
		s.download(w, r, name)
		return
	}
	if call == "upload" {
		s.upload(w, r)
		return
	}
	var q struct{ FileID, FileName, StartFileName, Prefix string }
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		s.refuse(w, http.StatusBadRequest, "bad_request")
		return
	}
	s.answer(w, call, q.FileID+q.FileName, q.StartFileName, q.Prefix)
}

func (s *b2Server) answer(w http.ResponseWriter, call, name, start, prefix string) {
	switch call {
	case "b2_list_buckets":
		json.NewEncoder(w).Encode(map[string]any{"buckets": []any{map[string]any{"bucketId": "1", "bucketName": "backups", "bucketType": "allPrivate"}}})
	case "b2_get_upload_url":
		json.NewEncoder(w).Encode(map[string]string{"uploadUrl": "https://api.backblazeb2.com/b2api/v1/upload", "authorizationToken": b2Token})
	case "b2_list_file_names", "b2_list_file_versions":
		list, next := s.box.page(prefix, start, 10)
		files := []any{}
		for _, o := range list {
			files = append(files, s.tell(o))
		}
		json.NewEncoder(w).Encode(map[string]any{"files": files, "nextFileName": next})
	case "b2_get_file_info":
		o, there := s.box.get(name)
		if !there {
			s.refuse(w, http.StatusNotFound, "file_not_present")
			return
		}
		json.NewEncoder(w).Encode(s.tell(o))
	case "b2_hide_file":
		if !s.box.remove(name) {
			s.refuse(w, http.StatusBadRequest, "no_such_file")
			return
		}
		json.NewEncoder(w).Encode(map[string]string{"fileName": name, "action": "hide"})
	default:
		s.refuse(w, http.StatusNotFound, "no_such_call")
	}
}

func (s *b2Server) refuse(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"status": status, "code": code, "message": "refused"})
}

func (s *b2Server) tell(o object) map[string]any {
	sum := sha1.Sum(o.data)
	return map[string]any{"fileId": o.name, "fileName": o.name, "action": "upload", "contentLength": len(o.data), "contentSha1": hex.EncodeToString(sum[:]),
		"uploadTimestamp": o.when.UnixMilli(), "fileInfo": o.meta}
}

func (s *b2Server) upload(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(r.Body)
	sum := sha1.Sum(data)
	name, badName := url.QueryUnescape(r.Header.Get("X-Bz-File-Name"))
	if err != nil || badName != nil || r.Header.Get("X-Bz-Content-Sha1") != hex.EncodeToString(sum[:]) {
		s.refuse(w, http.StatusBadRequest, "bad_request")
		return
	}
	meta := map[string]string{}
	for key := range r.Header {
		if info, is := strings.CutPrefix(strings.ToLower(key), "x-bz-info-"); is {
			meta[info] = r.Header.Get(key)
		}
	}
	json.NewEncoder(w).Encode(s.tell(s.box.put(object{name: name, data: data, meta: meta})))
}

func (s *b2Server) download(w http.ResponseWriter, r *http.Request, name string) {
	o, there := s.box.get(name)
	if !there {
		s.refuse(w, http.StatusNotFound, "not_found")
		return
	}
	w.Header().Set("X-Bz-File-Name", url.QueryEscape(name))
	http.ServeContent(w, r, "", o.when, strings.NewReader(string(o.data)))
}
