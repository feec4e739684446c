package yamltext

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Remove takes the entry at a path out of the file; what is not there is left
// so. A mapping that would be left without entries goes with its last one.
func Remove(src []byte, path ...string) ([]byte, error) {
	root, err := Root(src)
	if err != nil {
		return nil, err
	}
	if Lookup(root, path...) == nil {
		return src, nil
	}
	parent := Lookup(root, path[:len(path)-1]...)
	if len(path) > 1 && len(parent.Content) == 2 {
		return Remove(src, path[:len(path)-1]...)
	}
	if parent.Style&yaml.FlowStyle != 0 {
		return nil, errors.New("the entry stands in a flow mapping {…}")
	}
	t := &text{lines: splitLines(src)}
	k, v := entry(parent, path[len(path)-1])
	t.lines = slices.Delete(t.lines, k.Line-1, t.extent(k, v))
	out := t.bytes()
	return out, proveWithout(src, out, path)
}

// proveWithout tells whether both texts differ in nothing but the entry.
func proveWithout(before, after []byte, path []string) error {
	old, now := map[string]any{}, map[string]any{}
	if err := yaml.Unmarshal(before, &old); err != nil {
		return err
	}
	if err := yaml.Unmarshal(after, &now); err != nil || !reflect.DeepEqual(drop(old, path), now) {
		return fmt.Errorf("the file writes %s in a way that cannot be edited safely", path[0])
	}
	return nil
}

// drop returns a copy of m without the entry at path.
func drop(m map[string]any, path []string) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		inner, nested := v.(map[string]any)
		switch {
		case k != path[0]:
			out[k] = v
		case len(path) > 1 && nested:
			out[k] = drop(inner, path[1:])
		}
	}
	return out
}
