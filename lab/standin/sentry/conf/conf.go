// Package conf reads Sentry's configuration as far as the stand-in follows
// it: where PostgreSQL, event bodies, Kafka and Snuba are, and the secret
// key. sentry.conf.py is read as text and never run.
package conf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/lab/standin/bus"
	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// Settings are what the stand-in follows.
type Settings struct {
	Version   string
	Database  Database
	S3        *S3 // where event bodies are, nil for PostgreSQL
	Brokers   []string
	Snuba     string // base URL
	SecretKey string
	URLPrefix string            // system.url-prefix, may be empty
	Options   map[string]string // scalar keys of config.yml
}

// Database is DATABASES["default"].
type Database struct{ Host, Port, Name, User, Password string }

// S3 are SENTRY_NODESTORE_OPTIONS of an S3 backend.
type S3 struct {
	Endpoint, Bucket, Path, Region, Access, Secret string
	ReadThrough                                    bool // look into PostgreSQL for what is not there
}

// placeholder is the secret key of upstream's example, which Sentry refuses.
const placeholder = "!!changeme!!"

// Load reads sentry.conf.py and config.yml of the directory that SENTRY_CONF
// names.
func Load(p *proc.Proc) (Settings, error) {
	dir := p.Env("SENTRY_CONF", "/etc/sentry")
	if strings.HasSuffix(dir, ".py") {
		dir = filepath.Dir(dir)
	}
	py, err := os.ReadFile(filepath.Join(dir, "sentry.conf.py"))
	if err != nil {
		return Settings{}, proc.Exit(1, "configuration file does not exist: %v; use 'sentry init' to initialize it", err)
	}
	options, err := readOptions(filepath.Join(dir, "config.yml"))
	if err != nil {
		return Settings{}, err
	}
	s := fromPython(Scan(string(py), p.Getenv))
	s.Version = p.Env("STANDIN_VERSION", "25.10.0")
	s.Options = options
	s.Snuba = strings.TrimSuffix(p.Env("SNUBA", "http://snuba-api:1218"), "/")
	s.URLPrefix = strings.TrimSuffix(options["system.url-prefix"], "/")
	if len(s.Brokers) == 0 {
		s.Brokers = bus.Brokers(p)
	}
	s.SecretKey = p.Env("SENTRY_SYSTEM_SECRET_KEY", options["system.secret-key"])
	if s.SecretKey == "" || s.SecretKey == placeholder {
		return Settings{}, proc.Exit(1, "The `system.secret-key` MUST be set to a value of your own. Use `sentry config generate-secret-key` to get one, then put it into config.yml or SENTRY_SYSTEM_SECRET_KEY")
	}
	return s, nil
}

func readOptions(path string) (map[string]string, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read config.yml: %w", err)
	}
	var all map[string]any
	if err := yaml.Unmarshal(data, &all); err != nil {
		return nil, proc.Exit(1, "Malformed config.yml file: %v", err)
	}
	options := map[string]string{}
	for k, v := range all {
		switch v.(type) {
		case map[string]any, []any, nil:
		default:
			options[k] = fmt.Sprint(v)
		}
	}
	return options, nil
}

func fromPython(vars map[string]any) Settings {
	db := func(key, def string) string { return str(lookup(vars["DATABASES"], []string{"default", key}), def) }
	s := Settings{Database: Database{
		Host: db("HOST", "postgres"), Port: db("PORT", "5432"), Name: db("NAME", "postgres"),
		User: db("USER", "postgres"), Password: db("PASSWORD", ""),
	}}
	if b := str(lookup(vars["DEFAULT_KAFKA_OPTIONS"], []string{"bootstrap.servers"}), ""); b != "" {
		s.Brokers = strings.Split(b, ",")
	} else if b := str(lookup(vars["DEFAULT_KAFKA_OPTIONS"], []string{"common", "bootstrap.servers"}), ""); b != "" {
		s.Brokers = strings.Split(b, ",")
	}
	if strings.Contains(strings.ToLower(str(vars["SENTRY_NODESTORE"], "")), "s3") {
		o := vars["SENTRY_NODESTORE_OPTIONS"]
		opt := func(key, def string) string { return str(lookup(o, []string{key}), def) }
		s.S3 = &S3{
			Endpoint: strings.TrimSuffix(opt("endpoint_url", "http://seaweedfs:8333"), "/"), Bucket: opt("bucket_name", "nodestore"),
			Path: opt("bucket_path", ""), Region: opt("region_name", "us-east-1"),
			Access: opt("aws_access_key_id", ""), Secret: opt("aws_secret_access_key", ""),
			ReadThrough: lookup(o, []string{"read_through"}) == true,
		}
	}
	return s
}

func str(v any, def string) string {
	if s, ok := v.(string); ok && s != "" {
		return s
	}
	return def
}
