package weed

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/minio/minio-go/v7/pkg/signer"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// S3cmd is s3cmd: ls, mb, put, get, sync, setlifecycle and getlifecycle with
// the flags that upstream's scripts give it.
func S3cmd(ctx context.Context, p *proc.Proc) error {
	f := proc.ParseFlags(p.Args, "no-ssl", "ssl", "force", "f", "recursive", "r", "quiet", "q")
	c := remote{host: f.Or("host", "localhost:8333"), region: f.Or("region", "us-east-1"), key: f.Get("access_key"), secret: f.Get("secret_key")}
	command, args := f.Word(0), f.Words[min(1, len(f.Words)):]
	run, known := map[string]func(context.Context, *proc.Proc, remote, []string) error{
		"ls": s3ls, "mb": s3mb, "put": s3put, "get": s3get, "sync": s3sync, "setlifecycle": s3setLifecycle, "getlifecycle": s3getLifecycle,
	}[command]
	least := map[string]int{"ls": 0, "mb": 1, "getlifecycle": 1}
	want, listed := least[command]
	if !listed {
		want = 2
	}
	if !known || len(args) < want {
		return proc.Exit(64, "ERROR: Invalid command: %q", strings.Join(f.Words, " "))
	}
	return run(ctx, p, c, args)
}

// remote is the S3 server that is asked.
type remote struct{ host, region, key, secret string }

// do sends a request; path is /bucket/key, possibly with a query.
func (c remote) do(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+c.host+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("s3cmd: %w", err)
	}
	req.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	req = signer.SignV4(*req, c.key, c.secret, "", c.region)
	resp, err := (&http.Client{Transport: &http.Transport{}}).Do(req)
	if err != nil {
		return nil, proc.Exit(74, "ERROR: %v", err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("s3cmd: %w", err)
	}
	if resp.StatusCode >= 300 {
		var e struct{ Code string }
		xml.Unmarshal(data, &e) //nolint:errcheck // the status says enough
		code := map[int]int{403: 77, 404: 12, 409: 13}[resp.StatusCode]
		return nil, proc.Exit(max(code, 1), "ERROR: S3 error: %d (%s)", resp.StatusCode, e.Code)
	}
	return data, nil
}

// place takes s3://bucket/key apart.
func place(ref string) (bucket, key string) {
	bucket, key, _ = strings.Cut(strings.TrimPrefix(ref, "s3://"), "/")
	return bucket, key
}

func at(bucket, key string) string { return (&url.URL{Path: "/" + bucket + "/" + key}).EscapedPath() }

func s3ls(ctx context.Context, p *proc.Proc, c remote, args []string) error {
	if len(args) == 0 {
		data, err := c.do(ctx, http.MethodGet, "/", nil)
		var in struct {
			Bucket []bucketEntry `xml:"Buckets>Bucket"`
		}
		if err == nil {
			err = xml.Unmarshal(data, &in)
		}
		for _, b := range in.Bucket {
			p.Printf("%s  s3://%s\n", minute(b.CreationDate), b.Name)
		}
		return err
	}
	bucket, prefix := place(args[0])
	data, err := c.do(ctx, http.MethodGet, "/"+bucket+"?"+url.Values{"delimiter": {"/"}, "prefix": {prefix}}.Encode(), nil)
	var in listing
	if err == nil {
		err = xml.Unmarshal(data, &in)
	}
	for _, d := range in.CommonPrefixes {
		p.Printf("%16s  %10s  s3://%s/%s\n", "", "DIR", bucket, d.Prefix)
	}
	for _, o := range in.Contents {
		p.Printf("%s  %10d  s3://%s/%s\n", minute(o.LastModified), o.Size, bucket, o.Key)
	}
	return err
}

// minute is a time stamp as s3cmd shows it.
func minute(stamp string) string {
	day, clock, _ := strings.Cut(stamp, "T")
	return day + " " + clock[:min(5, len(clock))]
}

func s3mb(ctx context.Context, p *proc.Proc, c remote, args []string) error {
	bucket, _ := place(args[0])
	if _, err := c.do(ctx, http.MethodPut, "/"+bucket, nil); err != nil {
		return err
	}
	p.Printf("Bucket 's3://%s/' created\n", bucket)
	return nil
}

func s3put(ctx context.Context, p *proc.Proc, c remote, args []string) error {
	bucket, key := place(args[1])
	if key == "" || strings.HasSuffix(key, "/") {
		key += filepath.Base(args[0])
	}
	data, err := os.ReadFile(args[0])
	if err != nil {
		return proc.Exit(66, "ERROR: %v", err)
	}
	if _, err := c.do(ctx, http.MethodPut, at(bucket, key), data); err != nil {
		return err
	}
	p.Printf("upload: '%s' -> 's3://%s/%s'  (%d bytes)\n", args[0], bucket, key, len(data))
	return nil
}

func s3get(ctx context.Context, p *proc.Proc, c remote, args []string) error {
	bucket, key := place(args[0])
	data, err := c.do(ctx, http.MethodGet, at(bucket, key), nil)
	if err != nil {
		return err
	}
	if err := os.WriteFile(args[1], data, 0o644); err != nil {
		return proc.Exit(73, "ERROR: %v", err)
	}
	p.Printf("download: 's3://%s/%s' -> '%s'  (%d bytes)\n", bucket, key, args[1], len(data))
	return nil
}

// s3sync uploads a folder; what is there already is sent again.
func s3sync(ctx context.Context, p *proc.Proc, c remote, args []string) error {
	bucket, prefix := place(args[1])
	return filepath.WalkDir(args[0], func(file string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(args[0], file)
		if err != nil {
			return err
		}
		return s3put(ctx, p, c, []string{file, "s3://" + bucket + "/" + path.Join(prefix, filepath.ToSlash(rel))})
	})
}

func s3setLifecycle(ctx context.Context, p *proc.Proc, c remote, args []string) error {
	policy, err := os.ReadFile(args[0])
	if err != nil {
		return proc.Exit(66, "ERROR: %v", err)
	}
	bucket, _ := place(args[1])
	if _, err := c.do(ctx, http.MethodPut, "/"+bucket+"?lifecycle", policy); err != nil {
		return err
	}
	p.Printf("s3://%s/: Lifecycle Policy updated\n", bucket)
	return nil
}

func s3getLifecycle(ctx context.Context, p *proc.Proc, c remote, args []string) error {
	bucket, _ := place(args[0])
	policy, err := c.do(ctx, http.MethodGet, "/"+bucket+"?lifecycle", nil)
	if err != nil {
		return err
	}
	p.Printf("%s\n", policy)
	return nil
}
