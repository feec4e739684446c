package yamltext

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Encode writes one entry as lines of YAML, each behind indent spaces.
func Encode(key string, v any, indent int) ([]string, error) {
	val, err := node(v)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(&yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{name(key), val}}); err != nil {
		return nil, err
	}
	lines := splitLines(b.Bytes())
	for i, l := range lines {
		if strings.TrimSpace(l) != "" {
			lines[i] = strings.Repeat(" ", indent) + l
		}
	}
	return lines, nil
}

// node builds the tree of a value.
func node(v any) (*yaml.Node, error) {
	switch v := v.(type) {
	case string:
		return scalar(v), nil
	case []string:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for _, s := range v {
			n.Content = append(n.Content, scalar(s))
		}
		return n, nil
	case []any:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for _, item := range v {
			c, err := node(item)
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, c)
		}
		return n, nil
	case map[string]any:
		n := &yaml.Node{Kind: yaml.MappingNode}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			c, err := node(v[key])
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, name(key), c)
		}
		return n, nil
	case map[any]any: // what YAML makes of keys that are no strings
		return loose(v)
	case nil, bool, int, float64:
		n := &yaml.Node{}
		return n, n.Encode(v)
	default:
		return nil, fmt.Errorf("a %T cannot be written", v)
	}
}

func loose(m map[any]any) (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.MappingNode}
	keys := slices.SortedFunc(maps.Keys(m), func(a, b any) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	for _, key := range keys {
		k, err := node(key)
		if err != nil {
			return nil, err
		}
		v, err := node(m[key])
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, k, v)
	}
	return n, nil
}

// word matches keys that need no quotes. YAML 1.1 takes some words for booleans.
var word = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*([._-][A-Za-z0-9_]+)*$`)

func name(key string) *yaml.Node {
	n := scalar(key)
	if word.MatchString(key) && !slices.Contains([]string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}, strings.ToLower(key)) {
		n.Style = 0
	}
	return n
}

// simple matches lines that stand in a literal block as they are.
var simple = regexp.MustCompile(`^([!-~]([ -~]*[!-~])?\n)+$`)

// scalar quotes every string, as the examples of the releases do, so that no
// reader of YAML 1.1 takes "no" or "1e3" for something else. Strings of
// several lines, such as a private key in PEM, become literal blocks.
func scalar(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s, Style: yaml.DoubleQuotedStyle}
	switch {
	case strings.ContainsFunc(s, odd):
	case !strings.Contains(s, "\n"):
		n.Style = yaml.SingleQuotedStyle
	case simple.MatchString(s):
		n.Style = yaml.LiteralStyle
	}
	return n
}

func odd(r rune) bool {
	return r < ' ' && r != '\n' || r >= 0x7f && r <= 0xa0 || r >= 0x2028 && r <= 0x2029 || r == 0xfeff
}
