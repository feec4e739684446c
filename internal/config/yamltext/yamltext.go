// Package yamltext sets keys in a YAML file by editing its text: comments,
// order, unknown keys and the way things are written stay as they are. Each
// edit is proven by reading the result back; a file that cannot be edited so
// is refused and stays as it is.
package yamltext

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Edit sets the value at a path. A path of one element is a key of the file;
// Sentry's own keys have dots in them and are one element all the same.
type Edit struct {
	Path  []string
	Value any
}

// Root returns the mapping of the one document in src, nil when src holds none.
func Root(src []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(src))
	var doc, more yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, err
	case dec.Decode(&more) == nil:
		return nil, fmt.Errorf("line %d: a second YAML document", more.Line)
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null" {
		return nil, nil
	}
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d: not a mapping", root.Line)
	}
	return root, duplicates(root)
}

func duplicates(m *yaml.Node) error {
	seen := map[string]int{}
	for i := 0; i+1 < len(m.Content); i += 2 {
		k := m.Content[i]
		if line, ok := seen[k.Value]; ok {
			return fmt.Errorf("line %d: %s is given twice, first on line %d", k.Line, k.Value, line)
		}
		seen[k.Value] = k.Line
	}
	return nil
}

// Lookup returns the node at a path, nil when there is none.
func Lookup(root *yaml.Node, path ...string) *yaml.Node {
	n := root
	for _, key := range path {
		if _, n = entry(n, key); n == nil {
			return nil
		}
	}
	return n
}

func entry(m *yaml.Node, key string) (k, v *yaml.Node) {
	if m == nil || m.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return m.Content[i], m.Content[i+1]
		}
	}
	return nil, nil
}

// Set makes the edits one after the other. A value that is already there is
// left as it is written. No error quotes a value.
func Set(src []byte, edits []Edit) ([]byte, error) {
	for _, e := range edits {
		out, err := set(src, e)
		if err != nil {
			return nil, fmt.Errorf("set %s: %w", strings.Join(e.Path, "."), err)
		}
		src = out
	}
	return src, nil
}

func set(src []byte, e Edit) ([]byte, error) {
	root, err := Root(src)
	if err != nil {
		return nil, err
	}
	want, err := plain(e.Value)
	if err != nil {
		return nil, err
	}
	if n := Lookup(root, e.Path...); n != nil {
		var have any
		if n.Decode(&have) == nil && reflect.DeepEqual(have, want) {
			return src, nil
		}
	}
	out, err := (&text{lines: splitLines(src)}).set(root, e)
	if err != nil {
		return nil, err
	}
	return out, prove(src, out, e.Path, want)
}

// plain returns v as YAML reads it back.
func plain(v any) (any, error) {
	lines, err := Encode("v", v, 0)
	if err != nil {
		return nil, err
	}
	var out map[string]any
	err = yaml.Unmarshal([]byte(strings.Join(lines, "")), &out)
	return out["v"], err
}

// prove reads both texts and tells whether they differ in the value at path
// and in nothing else.
func prove(before, after []byte, path []string, want any) error {
	var old, now map[string]any
	if err := yaml.Unmarshal(before, &old); err != nil {
		return err
	}
	if err := yaml.Unmarshal(after, &now); err != nil || !reflect.DeepEqual(put(old, path, want), any(now)) {
		return fmt.Errorf("the file writes %s in a way that cannot be edited safely", path[0])
	}
	return nil
}

// put returns a copy of m with the value at path.
func put(m any, path []string, v any) any {
	if len(path) == 0 {
		return v
	}
	out := map[string]any{}
	if old, ok := m.(map[string]any); ok {
		for k, x := range old {
			out[k] = x
		}
	}
	out[path[0]] = put(out[path[0]], path[1:], v)
	return out
}

func splitLines(src []byte) []string {
	return slices.DeleteFunc(strings.SplitAfter(string(src), "\n"), func(s string) bool { return s == "" })
}
