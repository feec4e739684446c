package repository

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/kopia/kopia/repo/blob/throttling"
)

// The limit stands in what kopia is told of each kind of place, and holds for
// a repository that is open.
func TestUploadLimit(t *testing.T) {
	const limit = 123456
	for _, raw := range []string{"/x", "s3://b", "sftp://me@h/p", "azure://c?account=a", "gs://b", "b2://b", "webdav://h/p"} {
		to, err := ParseTarget(raw)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Access{Target: to, UploadLimit: limit}.connection()
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(c.Config)
		var got throttling.Limits
		if err == nil {
			err = json.Unmarshal(text, &got)
		}
		if err != nil || got.UploadBytesPerSecond != limit {
			t.Errorf("%s: %+v, %v", raw, got, err)
		}
	}
	to, err := ParseTarget(filepath.Join(t.TempDir(), "repo"))
	if err != nil {
		t.Fatal(err)
	}
	a := Access{Target: to, Password: "p", Dir: t.TempDir(), UploadLimit: limit}
	if err := Init(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	// A helper hears its access as JSON.
	text, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	var heard Access
	if err := json.Unmarshal(text, &heard); err != nil {
		t.Fatal(err)
	}
	r, err := Open(t.Context(), heard)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close(t.Context())
	if got := r.rep.Throttler().Limits(); got.UploadBytesPerSecond != limit {
		t.Errorf("the open repository has %+v", got)
	}
}
