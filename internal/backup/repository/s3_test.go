package repository_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
	"github.com/sentryctl/sentryctl/lab/standin/weed"
)

// s3Place is served by the stand-in for the release's own object storage.
func s3Place(t *testing.T) target {
	h, err := weed.Handler(t.TempDir(), "key")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{}
	l := g.listen(t)
	srv := &http.Server{Handler: h}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	makeBucket(t, l.Addr().String(), "key", "s3-secret")
	a := access(t, "s3://backups/sentry?region=us-east-1&endpoint=http://"+l.Addr().String())
	a.Credentials = repository.Credentials{"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "s3-secret"}
	return target{access: a, gate: g, wrong: repository.Credentials{"AWS_ACCESS_KEY_ID": "other", "AWS_SECRET_ACCESS_KEY": "other-secret"}}
}

// versityPlace is served by a real S3 server, which checks every signature.
func versityPlace(t *testing.T) target {
	program, err := exec.LookPath("versitygw")
	if err != nil {
		t.Skipf("NOT TESTED: versitygw is not installed (make test-repository does so): %v", err)
	}
	behind, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := behind.Addr().String()
	behind.Close()
	cmd := exec.CommandContext(t.Context(), program, "--port", addr, "--access", "root-key", "--secret", "root-secret", "posix", "--sidecar", t.TempDir(), t.TempDir())
	said := &voice{heard: make(chan struct{})}
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = said, said, time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		cmd.Wait()
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("versitygw said: %s", &said.text)
		}
	})
	select {
	case <-said.heard:
	case <-ended:
		t.Fatal("versitygw has ended")
	}
	makeBucket(t, addr, "root-key", "root-secret")
	g := &gate{}
	a := access(t, "s3://backups/sentry?region=us-east-1&endpoint=http://"+relay(t, g, addr))
	a.Credentials = repository.Credentials{"AWS_ACCESS_KEY_ID": "root-key", "AWS_SECRET_ACCESS_KEY": "root-secret"}
	return target{access: a, gate: g, wrong: repository.Credentials{"AWS_ACCESS_KEY_ID": "root-key", "AWS_SECRET_ACCESS_KEY": "other-secret"}}
}

// voice keeps what a program says, and tells when it has begun to. versitygw
// does so just before it listens.
type voice struct {
	text  bytes.Buffer
	once  sync.Once
	heard chan struct{}
}

func (v *voice) Write(b []byte) (int, error) {
	defer v.once.Do(func() { close(v.heard) })
	return v.text.Write(b)
}

// relay leads through a gate to a server that is a program of its own.
func relay(t *testing.T, g *gate, to string) string {
	t.Helper()
	l := g.listen(t)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer in.Close()
				out, err := net.Dial("tcp", to)
				if err != nil {
					return
				}
				go func() {
					defer in.Close()
					io.Copy(in, out)
				}()
				io.Copy(out, in)
				out.Close()
			}()
		}
	}()
	return l.Addr().String()
}

// makeBucket makes the bucket. The client tries again while nobody listens yet.
func makeBucket(t *testing.T, addr, id, secret string) {
	t.Helper()
	c, err := minio.New(addr, &minio.Options{Creds: credentials.NewStaticV4(id, secret, ""), Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.MakeBucket(context.WithoutCancel(t.Context()), "backups", minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
}
