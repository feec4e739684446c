package config

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// keptDir is where a site keeps secrets that were given as text or from the
// environment, a file each, below its own directory.
const keptDir = "secrets"

func keptName(key string) string { return strings.ReplaceAll(key, "/", "_") }

// Keep returns the answers with each secret stored by reference, fit for a
// site's record: a value given as text or by a variable is written to a file
// below own, the site's directory for sentryctl, and a path given by the admin
// is made absolute. Write gets the path and the content.
func Keep(a Answers, own string, write func(path string, data []byte) error) (Answers, error) {
	var failed error
	kept := a.eachSecret(func(key string, s Secret) Secret {
		if s.File == "" && s.value != "" {
			path := filepath.Join(own, keptDir, keptName(key))
			if err := write(path, []byte(s.value+"\n")); err != nil && failed == nil {
				failed = fmt.Errorf("keep the secret %s: %w", key, err)
			}
			s.File, s.Env = path, ""
		}
		s.File = portable(s.File, own)
		return s
	})
	return kept, failed
}

// referenced resolves the references to secrets within a mapping, as a record
// holds them: secret_key: {file: PATH}.
func (r *reader) referenced(at place, v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	out := make(map[string]any, len(m))
	for k, item := range m {
		out[k] = r.referenced(at, item)
		ref, isMap := item.(map[string]any)
		if !isMap || !secretName(k) || len(ref) != 1 {
			continue
		}
		for kind, name := range ref {
			s, err := r.resolve(at, kind, fmt.Sprint(name))
			if err != nil {
				r.add(at, "secret-reference", k, "", "%s: %v", k, err)
			}
			out[k] = s
		}
	}
	return out
}

// portable makes a path relative when it lies below own, so that a site may be
// moved, and else absolute.
func portable(path, own string) string {
	if path == "" {
		return ""
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(own, abs); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return abs
}

// Unreferenced returns the files of kept secrets, below own, that the answers
// as Keep returned them do not name any more.
func Unreferenced(a Answers, own string) ([]string, error) {
	named := map[string]bool{}
	a.eachSecret(func(_ string, s Secret) Secret {
		named[s.File] = true
		return s
	})
	entries, err := os.ReadDir(filepath.Join(own, keptDir))
	if err != nil {
		if os.IsNotExist(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("list kept secrets: %w", err)
	}
	var out []string
	for _, e := range entries {
		if rel := filepath.Join(keptDir, e.Name()); e.Type()&fs.ModeType == 0 && !named[rel] {
			out = append(out, filepath.Join(own, rel))
		}
	}
	return out, nil
}
