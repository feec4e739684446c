package config

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/internal/config/pyconf"
	"github.com/sentryctl/sentryctl/internal/config/yamltext"
)

// AppliedPath is where a site keeps what was last written of its answers.
const AppliedPath = ".sentryctl/applied.json"

// applied remembers what we wrote, as digests: only with it can a key that an
// answer no longer asks for be taken back, and an admin's edit of a key or
// block of ours be told from our own old value.
type applied struct {
	Salt   string                       `json:"salt"` // digests of short secrets must not be looked up in tables
	Keys   map[string]map[string]string `json:"keys"` // file to key to digest of its value
	Blocks map[string]string            `json:"blocks"`
	Python []string                     `json:"python,omitempty"` // digests of the statements of the Python block
}

// readApplied returns what the site remembers; nothing when it does not.
func readApplied(disk fs.FS) applied {
	var a applied
	if data, found, err := read(disk, AppliedPath); err == nil && found && json.Unmarshal(data, &a) == nil {
		return a
	}
	return applied{}
}

func (a applied) digest(data []byte) string {
	mac := hmac.New(sha256.New, []byte(a.Salt))
	mac.Write(data)
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// valueDigest covers the value, not the way it is written.
func (a applied) valueDigest(n *yaml.Node) string {
	var v any
	if n == nil || n.Decode(&v) != nil {
		return ""
	}
	return a.digest(fmt.Appendf(nil, "%#v", v))
}

// RenderSite is Render for a site that is kept: the files also hold AppliedPath.
func RenderSite(in RenderInput) ([]File, []Finding, error) {
	r, err := renderAll(in)
	if err != nil {
		return nil, nil, err
	}
	data, err := r.remember()
	if err != nil {
		return nil, nil, err
	}
	r.put(AppliedPath, secretMode, data)
	return r.files, r.found, nil
}

// remember makes the record of what the rendered files hold of ours.
func (r *renderer) remember() ([]byte, error) {
	a := applied{Salt: readApplied(r.Disk).Salt, Keys: map[string]map[string]string{}, Blocks: map[string]string{}}
	if a.Salt == "" {
		a.Salt = rand.Text()
	}
	for _, f := range r.files {
		switch f.Path {
		case ymlPath, relayPath:
			root, err := yamltext.Root(f.Data)
			if err != nil {
				return nil, fmt.Errorf("remember %s: %w", f.Path, err)
			}
			keys := map[string]string{}
			for key := range r.managed(f.Path) {
				keys[key] = a.valueDigest(yamltext.Lookup(root, keyPath(f.Path, key)...))
			}
			a.Keys[f.Path] = keys
		case customPath, confPath:
			if block := blockOf(f.Path, f.Data); len(block) > 0 {
				a.Blocks[f.Path] = a.digest(block)
				if f.Path == confPath {
					a.Python = a.statements(block)
				}
			}
		}
	}
	data, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("remember what was rendered: %w", err)
	}
	return append(data, '\n'), nil
}

// statements returns a digest for each statement of a block of Python.
func (a applied) statements(block []byte) []string {
	list, err := pyconf.Statements(block)
	if err != nil {
		return nil
	}
	var out []string
	for _, text := range list {
		out = append(out, a.digest([]byte(text)))
	}
	return out
}

// managed returns the keys of a YAML file that answers set.
func (r *renderer) managed(path string) map[string]any {
	if path == relayPath {
		return r.want.relay
	}
	return r.want.yml
}

// keyPath returns where a key stands: Sentry's own keys have dots in them.
func keyPath(path, key string) []string {
	if path == relayPath {
		return strings.Split(key, ".")
	}
	return []string{key}
}

// blockOf returns our block in a file, nil when it has none.
func blockOf(path string, data []byte) []byte {
	if path == confPath {
		block, _ := pyconf.Block(data)
		return block
	}
	before, after, found := envBlock().Split(data)
	if !found {
		return nil
	}
	return data[len(before) : len(data)-len(after)]
}

// takeBack returns the file without what we once set and no answer asks for
// any more: such a key gets the release's value again, or goes. One that the
// admin has changed since is theirs now and stays.
func (r *renderer) takeBack(path string, data []byte) ([]byte, error) {
	was := readApplied(r.Disk)
	example, _, err := read(r.Pristine, examplePath(path))
	if err != nil {
		return nil, err
	}
	pristine, _ := yamltext.Root(example)
	for _, key := range slices.Sorted(maps.Keys(was.Keys[path])) {
		if _, wanted := r.managed(path)[key]; wanted || key == secretKeyOption {
			continue
		}
		root, err := yamltext.Root(data)
		if err != nil {
			return nil, err
		}
		at := keyPath(path, key)
		if n := yamltext.Lookup(root, at...); n == nil || was.valueDigest(n) != was.Keys[path][key] {
			continue
		}
		var old any
		if n := yamltext.Lookup(pristine, at...); n != nil && n.Decode(&old) == nil {
			data, err = yamltext.Set(data, []yamltext.Edit{{Path: at, Value: old}})
		} else {
			data, err = yamltext.Remove(data, at...)
		}
		if err != nil {
			return nil, err
		}
	}
	return data, nil
}
