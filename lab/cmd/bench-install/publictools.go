package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sentryctl/sentryctl/lab/bench"
)

// publicTools installs with the docker command and the Compose plugin: the
// commands of an ordinary installer in their usual order, each waiting as they
// wait, then `up --wait`. Only the questions and the pull are left out, as on
// the other side.
type publicTools struct{ compose string }

func (w publicTools) install(ctx context.Context, p place) error {
	compose, err := filepath.Abs(w.compose)
	if err != nil {
		return err
	}
	if err := os.CopyFS(p.site, os.DirFS(p.release)); err != nil {
		return err
	}
	if err := fromExamples(p.site); err != nil {
		return err
	}
	for _, v := range []string{"data", "postgres", "redis", "kafka", "clickhouse", "seaweedfs"} {
		if _, err := p.Docker.Output(ctx, "volume", "create", "--name", prefix+"-"+v); err != nil {
			return err
		}
	}
	c := composer{ctx: ctx, dir: p.site, compose: compose}
	services := strings.Fields(string(c.do("", "config", "--services")))
	c.do("", "build", "web")
	for _, s := range services {
		c.do("", "build", s)
	}
	c.do("", "down", "-t", "60", "--remove-orphans")
	credentials := c.do("", "run", "--pull=never", "--rm", "--no-deps", "-T", "relay", "credentials", "generate", "--stdout")
	if c.err == nil {
		c.err = os.WriteFile(filepath.Join(p.site, "relay/credentials.json"), credentials, 0o644)
	}
	c.do("", "up", "--wait", "seaweedfs", "postgres")
	c.do("", "exec", "-T", "seaweedfs", "s3cmd", "--access_key=sentry", "--secret_key=sentry", "--no-ssl", "--region=us-east-1",
		"--host=localhost:8333", "--host-bucket=localhost:8333/%(bucket)", "mb", "s3://nodestore")
	c.do("", "run", "--pull=never", "--rm", "snuba-api", "bootstrap", "--force")
	c.do("", "up", "--wait", "postgres")
	c.do("", "up", "--wait", "pgbouncer")
	c.do("", "run", "--pull=never", "--rm", "web", "upgrade", "--noinput", "--create-kafka-topics")
	c.do("a-password\na-password\n", "run", "--pull=never", "--rm", "-T", "web", "createuser", "--email", "admin@example.com", "--superuser")
	c.do("", "up", "--wait")
	return c.err
}

// composer runs one Compose command after the other until one fails.
type composer struct {
	ctx     context.Context
	dir     string
	compose string
	err     error
}

func (c *composer) do(stdin string, args ...string) []byte {
	if c.err != nil {
		return nil
	}
	out, err := bench.Command(c.ctx, c.dir, stdin, append([]string{c.compose}, args...)...)
	c.err = err
	return out
}

// fromExamples copies the example files and puts a secret key in.
func fromExamples(site string) error {
	for _, path := range []string{"sentry/config.yml", "sentry/sentry.conf.py", "relay/config.yml", "symbolicator/config.yml"} {
		ext := filepath.Ext(path)
		data, err := os.ReadFile(filepath.Join(site, strings.TrimSuffix(path, ext)+".example"+ext))
		if err != nil {
			return err
		}
		data = bytes.ReplaceAll(data, []byte("!!changeme!!"), []byte(rand.Text()))
		if err := os.WriteFile(filepath.Join(site, path), data, 0o644); err != nil {
			return fmt.Errorf("copy example: %w", err)
		}
	}
	return nil
}
