package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxSecret bounds a secret file: the longest secret is a private key.
const maxSecret = 64 << 10

// resolve reads the secret that a reference of kind "file" or "env" names.
func (r *reader) resolve(at place, kind, name string) (Secret, error) {
	switch kind {
	case "env":
		v, ok := r.lookupEnv(name)
		if !ok || v == "" {
			return Secret{}, fmt.Errorf("variable %s is not set", name)
		}
		return Secret{value: v, Env: name}, nil
	case "file":
		path := at.resolve(name)
		v, open, err := readSecretFile(path)
		if err != nil {
			return Secret{}, err
		}
		if open {
			r.warnOpen(at, path)
		}
		return Secret{value: v, File: path}, nil
	default:
		return Secret{}, fmt.Errorf("want file or env, got %q", kind)
	}
}

func (r *reader) warnOpen(at place, path string) {
	r.found = append(r.found, Finding{
		ID: "secret-file-open", Severity: Warn, File: at.file, Line: at.line,
		Text: path + " holds a secret and can be read by other users", Hint: "Run: chmod 600 " + path,
	})
}

// readSecretFile returns a file's content without its last line end, and
// whether others than the owner may read it.
func readSecretFile(path string) (value string, open bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", false, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return "", false, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", false, fmt.Errorf("read secret: %w", err)
	}
	if len(b) > maxSecret {
		return "", false, fmt.Errorf("%s is larger than %d bytes", path, maxSecret)
	}
	v := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	if v == "" {
		return "", false, fmt.Errorf("%s is empty", path)
	}
	return v, info.Mode().Perm()&0o077 != 0, nil
}

// secretNode reads a secret in YAML: {file: PATH}, {env: NAME} or plain text.
func (r *reader) secretNode(at place, t target, n *yaml.Node) (s Secret, plain bool, err error) {
	if n.Kind == yaml.MappingNode {
		if len(n.Content) != 2 || n.Content[1].Kind != yaml.ScalarNode {
			return Secret{}, false, errors.New("want {file: PATH} or {env: NAME}")
		}
		s, err = r.resolve(at, n.Content[0].Value, n.Content[1].Value)
		if err == nil {
			_, err = t.Check(s.value)
		}
		return s, false, err
	}
	v, err := t.ParseNode(n)
	if err != nil {
		return Secret{}, false, err
	}
	if v == masked {
		return Secret{}, false, fmt.Errorf("%s stands for a secret that was not stored", masked)
	}
	return NewSecret(v.(string)), true, nil
}
