// Package adapt lets a real release tree of self-hosted Sentry run on the
// lab's images. Its compose file and examples stay as they are, byte for byte;
// .env names the lab's images, an override file replaces what the compose file
// pins itself, and the build contexts that are missing come from the lab.
package adapt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/lab/trees"
)

// Options are the names, the port and the limit that the site gets.
type Options trees.Options

// Tree makes dst from the release at src. It returns the images of the lab
// that dst names.
func Tree(src, dst string, o Options) (refs []string, err error) {
	compose, err := readCompose(filepath.Join(src, composeName))
	if err != nil {
		return nil, err
	}
	env, err := readEnv(filepath.Join(src, envName))
	if err != nil {
		return nil, err
	}
	version, err := env.version()
	if err != nil {
		return nil, err
	}
	if compose.asksForClickHouse() {
		if env, err = env.withClickHouse(version); err != nil {
			return nil, err
		}
	}
	if err := copyTree(src, dst); err != nil {
		return nil, err
	}
	if err := trees.Complete(dst, version); err != nil {
		return nil, err
	}
	over, pinned, err := compose.override(o)
	if err != nil {
		return nil, err
	}
	data, err := yaml.Marshal(over)
	if err != nil {
		return nil, fmt.Errorf("write override: %w", err)
	}
	head := []byte("# Made by the lab: its images, names and limits in place of those of docker-compose.yml.\n")
	if err := os.WriteFile(filepath.Join(dst, overrideName), append(head, data...), 0o644); err != nil {
		return nil, fmt.Errorf("write override: %w", err)
	}
	text, named, err := env.adapted(o)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dst, envName), []byte(text), 0o644); err != nil {
		return nil, fmt.Errorf("write %s: %w", envName, err)
	}
	refs = append(pinned, named...)
	slices.Sort(refs)
	return slices.Compact(refs), nil
}

const (
	composeName  = "docker-compose.yml"
	overrideName = "docker-compose.override.yml"
	envName      = ".env"
)

// copyTree refuses a directory with something in it, so that nobody's files
// are written over.
func copyTree(src, dst string) error {
	entries, err := os.ReadDir(dst)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look at %s: %w", dst, err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s is not empty: name a new directory", dst)
	}
	return filepath.WalkDir(src, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("copy release: %w", err)
		}
		rel, err := filepath.Rel(src, path)
		if err != nil {
			return err
		}
		target := filepath.Join(dst, rel)
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("copy release: %w", err)
		}
		info, err := d.Info()
		if err != nil {
			return fmt.Errorf("copy release: %w", err)
		}
		// The source may be kept read-only; its copy is to be edited.
		return os.WriteFile(target, data, info.Mode().Perm()|0o200)
	})
}
