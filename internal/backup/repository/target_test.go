package repository_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/internal/fault"
)

func TestTargets(t *testing.T) {
	cases := []struct {
		raw  string
		want repository.Target
		text string // "" means raw
	}{
		{"/srv/backup/", repository.Target{Kind: repository.Folder, Path: "/srv/backup"}, "/srv/backup"},
		{"file:///srv/backup", repository.Target{Kind: repository.Folder, Path: "/srv/backup"}, "/srv/backup"},
		{"s3://b/p/q?endpoint=http://127.0.0.1:8333&region=eu", repository.Target{Kind: repository.S3, Bucket: "b", Prefix: "p/q/", Endpoint: "127.0.0.1:8333", Region: "eu", Plain: true},
			"s3://b/p/q?endpoint=http%3A%2F%2F127.0.0.1%3A8333&region=eu"},
		{"s3://b", repository.Target{Kind: repository.S3, Bucket: "b", Endpoint: "s3.amazonaws.com"}, "s3://b/?endpoint=s3.amazonaws.com"},
		{"sftp://me@host/srv/b", repository.Target{Kind: repository.SFTP, Host: "host", User: "me", Path: "/srv/b", Port: 22}, ""},
		{"sftp://me@host:2222/srv/b", repository.Target{Kind: repository.SFTP, Host: "host", User: "me", Path: "/srv/b", Port: 2222}, ""},
		{"azure://box/p?account=a", repository.Target{Kind: repository.Azure, Bucket: "box", Prefix: "p/", User: "a"}, ""},
		{"azure://box?account=a&domain=http://blob.localhost:10000", repository.Target{Kind: repository.Azure, Bucket: "box", User: "a", Endpoint: "blob.localhost:10000", Plain: true},
			"azure://box/?account=a&domain=http%3A%2F%2Fblob.localhost%3A10000"},
		{"gs://b/p", repository.Target{Kind: repository.GCS, Bucket: "b", Prefix: "p/"}, ""},
		{"b2://b", repository.Target{Kind: repository.B2, Bucket: "b"}, ""},
		{"webdavs://me@host/dav/x", repository.Target{Kind: repository.WebDAV, Path: "https://host/dav/x", User: "me"}, ""},
		{"webdav://host/dav", repository.Target{Kind: repository.WebDAV, Path: "http://host/dav"}, ""},
		{"rclone:drive:sentry/backup", repository.Target{Kind: repository.Rclone, Path: "drive:sentry/backup"}, ""},
	}
	for _, c := range cases {
		t.Run(c.raw, func(t *testing.T) {
			got, err := repository.ParseTarget(c.raw)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			again, err := repository.ParseTarget(got.String())
			if d := cmp.Diff(got, again); d != "" || err != nil {
				t.Errorf("%s reads back as %s (%v)", got, d, err)
			}
			if c.text == "" {
				c.text = c.raw
			}
			if got.String() != c.text && c.want.Kind != repository.S3 {
				t.Errorf("got %s, want %s", got, c.text)
			}
		})
	}
}

func TestNoTargets(t *testing.T) {
	for _, raw := range []string{"", "backup", "file://host/x", "s3:///p", "sftp://host/p", "sftp://me@host", "gs://", "ftp://x/y", "rclone:x", "s3://u:hunter2@b/p", "webdav:///x"} {
		_, err := repository.ParseTarget(raw)
		if fault.CodeOf(err) != fault.Usage || fault.HintOf(err) == "" {
			t.Errorf("%q: got %d %v", raw, fault.CodeOf(err), err)
		}
		if err != nil && strings.Contains(err.Error()+fault.HintOf(err), "hunter2") {
			t.Errorf("%q: the error tells the password: %v", raw, err)
		}
	}
}

func FuzzParseTarget(f *testing.F) {
	f.Add("s3://b/p?endpoint=x&region=y")
	f.Add("sftp://a@b:22/c")
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := repository.ParseTarget(raw)
		if err != nil {
			return
		}
		if _, err := repository.ParseTarget(got.String()); err != nil {
			t.Errorf("%q became %q: %v", raw, got, err)
		}
	})
}

func TestCredentials(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	if err := os.WriteFile(key, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s3 := repository.Target{Kind: repository.S3, Bucket: "b"}
	cases := []struct {
		name string
		to   repository.Target
		env  map[string]string
		want repository.Credentials
		code fault.Code
	}{
		{"folder needs none", repository.Target{Kind: repository.Folder, Path: "/x"}, nil, repository.Credentials{}, 0},
		{"from the environment", s3, map[string]string{"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}, repository.Credentials{"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}, 0},
		{"from a file", s3, map[string]string{"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY_FILE": key}, repository.Credentials{"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "from a file"}, 0},
		{"missing", s3, map[string]string{"AWS_ACCESS_KEY_ID": "a"}, nil, fault.Usage},
		{"no such file", s3, map[string]string{"AWS_ACCESS_KEY_ID_FILE": "/nonexistent"}, nil, fault.Usage},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := repository.ReadCredentials(c.to, func(name string) string { return c.env[name] })
			if fault.CodeOf(err) != c.code {
				t.Fatalf("got %v", err)
			}
			if d := cmp.Diff(map[string]string(c.want), map[string]string(got)); d != "" {
				t.Error(d)
			}
		})
	}
}
