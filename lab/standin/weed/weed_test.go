package weed

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/lifecycle"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

func serveTest(t *testing.T, dir string) *httptest.Server {
	t.Helper()
	st, err := openStore(dir)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(&s3{store: st, accessKey: "sentry"})
	t.Cleanup(srv.Close)
	return srv
}

func client(t *testing.T, srv *httptest.Server, key string) *minio.Client {
	t.Helper()
	c, err := minio.New(strings.TrimPrefix(srv.URL, "http://"), &minio.Options{
		Creds: credentials.NewStaticV4(key, "sentry", ""), Region: "us-east-1", BucketLookup: minio.BucketLookupPath,
		Transport: &http.Transport{}, MaxRetries: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func put(t *testing.T, c *minio.Client, key, data string) {
	t.Helper()
	_, err := c.PutObject(t.Context(), "nodestore", key, strings.NewReader(data), int64(len(data)),
		minio.PutObjectOptions{ContentType: "text/plain", UserMetadata: map[string]string{"Kind": "test"}})
	if err != nil {
		t.Fatalf("put %s: %v", key, err)
	}
}

func get(t *testing.T, c *minio.Client, key string) string {
	t.Helper()
	o, err := c.GetObject(t.Context(), "nodestore", key, minio.GetObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	data, err := io.ReadAll(o)
	if err != nil {
		return minio.ToErrorResponse(err).Code
	}
	return string(data)
}

func keys(t *testing.T, c *minio.Client, prefix string, deep bool) []string {
	t.Helper()
	var all []string
	for o := range c.ListObjects(t.Context(), "nodestore", minio.ListObjectsOptions{Prefix: prefix, Recursive: deep, MaxKeys: 2}) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		all = append(all, o.Key)
	}
	return all
}

func TestObjectsSurviveARestart(t *testing.T) {
	dir, ctx := t.TempDir(), t.Context()
	c := client(t, serveTest(t, dir), "sentry")
	if err := c.MakeBucket(ctx, "nodestore", minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a/1", "a/2", "a/3", "b", "a", "c d/ü"} {
		put(t, c, key, "body of "+key)
	}
	if err := c.RemoveObject(ctx, "nodestore", "a/2", minio.RemoveObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	policy := lifecycle.NewConfiguration()
	policy.Rules = []lifecycle.Rule{{ID: "r", Status: "Enabled", Expiration: lifecycle.Expiration{Days: 90}}}
	if err := c.SetBucketLifecycle(ctx, "nodestore", policy); err != nil {
		t.Fatal(err)
	}

	c = client(t, serveTest(t, dir), "sentry")
	if diff := cmp.Diff([]string{"a", "a/1", "a/3", "b", "c d/ü"}, keys(t, c, "", true)); diff != "" {
		t.Errorf("all keys (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a", "a/", "b", "c d/"}, keys(t, c, "", false)); diff != "" {
		t.Errorf("first level (-want +got):\n%s", diff)
	}
	if got := get(t, c, "c d/ü"); got != "body of c d/ü" {
		t.Errorf("got %q", got)
	}
	if got := get(t, c, "a/2"); got != "NoSuchKey" {
		t.Errorf("removed object: %q", got)
	}
	info, err := c.StatObject(ctx, "nodestore", "a/1", minio.StatObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(info.Size, info.ContentType, info.UserMetadata)
	if want := "11text/plainmap[Kind:test]"; strings.ReplaceAll(got, " ", "") != want {
		t.Errorf("got %s, want %s", got, want)
	}
	kept, err := c.GetBucketLifecycle(ctx, "nodestore")
	if err != nil || len(kept.Rules) != 1 || kept.Rules[0].Expiration.Days != 90 {
		t.Errorf("lifecycle: %v %v", kept, err)
	}
}

func TestMultipart(t *testing.T) {
	c := client(t, serveTest(t, t.TempDir()), "sentry")
	if err := c.MakeBucket(t.Context(), "nodestore", minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	data := strings.Repeat("0123456789abcdef", 12<<20/16)
	_, err := c.PutObject(t.Context(), "nodestore", "large", strings.NewReader(data), -1, minio.PutObjectOptions{PartSize: 5 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if got := get(t, c, "large"); got != data {
		t.Errorf("got %d bytes, want %d", len(got), len(data))
	}
}

func TestAccess(t *testing.T) {
	srv := serveTest(t, t.TempDir())
	_, err := client(t, srv, "stranger").ListBuckets(t.Context())
	if code := minio.ToErrorResponse(err).Code; code != "InvalidAccessKeyId" {
		t.Errorf("a stranger got %q (%v)", code, err)
	}
	for path, want := range map[string]int{"/healthz": 200, "/": 403} {
		resp, err := http.Get(srv.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: got %d, want %d", path, resp.StatusCode, want)
		}
	}
}

func TestPorts(t *testing.T) {
	cases := map[string]struct {
		args []string
		want string
	}{
		"release 25.10.0": {strings.Fields("server -dir=/data -filer=true -filer.port=8888 -master=true -master.port=9333 -s3=true -s3.port=8333 -volume=true -volume.port=8080 -webdav=false"), "8080 8333 8888 9333"},
		"release 26.8.0":  {strings.Fields("mini -dir=/data -ip.bind=0.0.0.0 -webdav=false"), "8333 8888 9333 9340"},
		"key migration":   {strings.Fields("server -dir=/data -master=true -volume=false -filer=true -s3=false"), "8888 9333"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := proc.ParseFlags(c.args)
			all := ports(f.Word(0), f, http.NotFoundHandler(), keyFiles{})
			for port := range strings.FieldsSeq(c.want) {
				if all[port] == nil {
					t.Errorf("nobody on %s", port)
				}
				delete(all, port)
			}
			if len(all) > 0 {
				t.Errorf("too many: %v", all)
			}
		})
	}
}

func TestMiniWantsTheServersKey(t *testing.T) {
	k := keyFiles{dir: t.TempDir()}
	if err := k.start("server", true); err != nil {
		t.Fatal(err)
	}
	if err := k.start("mini", true); err == nil {
		t.Fatal("mini started beside another key")
	}
	w := httptest.NewRecorder()
	k.filer().ServeHTTP(w, httptest.NewRequest("GET", "/etc/s3/sse_kek", nil))
	if err := os.WriteFile(filepath.Join(k.dir, ".mini_sse_kek"), w.Body.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := k.start("mini", true); err != nil {
		t.Errorf("with the key carried over: %v", err)
	}
	if err := (keyFiles{dir: t.TempDir()}).start("mini", true); err != nil {
		t.Errorf("fresh mini: %v", err)
	}
}

func TestS3cmd(t *testing.T) {
	srv := serveTest(t, t.TempDir())
	host := strings.TrimPrefix(srv.URL, "http://")
	work := t.TempDir()
	file := filepath.Join(work, "in", "sub", "policy.xml")
	const policy = `<LifecycleConfiguration><Rule><ID>r</ID></Rule></LifecycleConfiguration>`
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(policy), 0o644); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		t.Helper()
		var out bytes.Buffer
		args = append([]string{"--access_key=sentry", "--secret_key=sentry", "--no-ssl", "--region=us-east-1", "--host=" + host, "--host-bucket=" + host + "/%(bucket)"}, args...)
		if err := S3cmd(context.Background(), &proc.Proc{Args: args, Stdout: &out, Stderr: &out}); err != nil {
			t.Fatalf("%v: %v", args[6:], err)
		}
		return out.String()
	}
	if got := run("mb", "s3://nodestore"); got != "Bucket 's3://nodestore/' created\n" {
		t.Errorf("mb said %q", got)
	}
	if got := strings.Fields(run("ls")); len(got) != 3 || got[2] != "s3://nodestore" {
		t.Errorf("ls said %q", got)
	}
	run("setlifecycle", file, "s3://nodestore")
	if got := run("getlifecycle", "s3://nodestore"); got != policy+"\n" {
		t.Errorf("getlifecycle said %q", got)
	}
	run("sync", filepath.Join(work, "in")+"/", "s3://nodestore/")
	if got := strings.Fields(run("ls", "s3://nodestore/sub/")); len(got) != 4 || got[3] != "s3://nodestore/sub/policy.xml" {
		t.Errorf("ls of the bucket said %q", got)
	}
	run("get", "s3://nodestore/sub/policy.xml", filepath.Join(work, "out"))
	if got, err := os.ReadFile(filepath.Join(work, "out")); err != nil || string(got) != policy {
		t.Errorf("got %q %v", got, err)
	}
}
