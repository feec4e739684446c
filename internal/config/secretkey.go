package config

import (
	"io/fs"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/internal/config/envfile"
	"github.com/sentryctl/sentryctl/internal/config/yamltext"
)

const (
	secretKeyOption   = "system.secret-key"
	secretKeyVariable = "SENTRY_SYSTEM_SECRET_KEY"
)

// ReadSecretKey returns the secret key that a site already has, in config.yml
// or else in .env.custom or .env; "" when there is none.
func ReadSecretKey(disk fs.FS) string {
	keys := secretKeys(disk)
	if len(keys) == 0 {
		return ""
	}
	return keys[0].key
}

// keyAt is a secret key and the file that it was found in.
type keyAt struct{ path, key string }

func secretKeys(disk fs.FS) []keyAt {
	var out []keyAt
	if data, found, err := read(disk, ymlPath); err == nil && found {
		if root, err := yamltext.Root(data); err == nil {
			if key := scalarAt(root, secretKeyOption); !unset(key) {
				out = append(out, keyAt{ymlPath, key})
			}
		}
	}
	for _, path := range []string{customPath, envPath} {
		data, _, err := read(disk, path)
		if err != nil {
			continue
		}
		f, err := envfile.Parse(data)
		if err != nil {
			continue
		}
		if key, _ := f.Get(secretKeyVariable); !unset(key) {
			out = append(out, keyAt{path, key})
		}
	}
	return out
}

// scalarAt returns the text of a key of config.yml, "" when it has none.
func scalarAt(root *yaml.Node, key string) string {
	n := yamltext.Lookup(root, key)
	if n == nil || n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		return ""
	}
	return n.Value
}

// unset tells whether a value is none, or one of the words that upstream's
// examples have in its place.
func unset(value string) bool {
	return slices.Contains([]string{"", "!!changeme!!", "changeme"}, value)
}

// ReadURL returns the address that a site gives for itself in its links, ""
// when it has none.
func ReadURL(disk fs.FS) string {
	data, found, err := read(disk, ymlPath)
	if err != nil || !found {
		return ""
	}
	root, err := yamltext.Root(data)
	if err != nil {
		return ""
	}
	return scalarAt(root, urlOption)
}

const urlOption = "system.url-prefix"
