package option

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// ParseText reads a value given as text, as a flag, a variable or a form does.
// A list is separated by commas; a list or mapping may also be written as YAML.
func (o Option) ParseText(s string) (any, error) {
	sp, _ := o.Type.spec()
	switch sp.value {
	case kindString:
		return o.Check(s)
	case kindList:
		if !strings.HasPrefix(strings.TrimSpace(s), "[") {
			return o.Check(splitList(s))
		}
	case kindMap:
	default:
		s = strings.TrimSpace(s)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(s), &doc); err != nil || len(doc.Content) != 1 {
		return nil, o.wrong(s)
	}
	return o.ParseNode(doc.Content[0])
}

func splitList(s string) []string {
	var out []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// ParseNode reads a value given in a YAML document. A number stands for a
// string where a string is wanted; nothing else is converted.
func (o Option) ParseNode(n *yaml.Node) (any, error) {
	sp, _ := o.Type.spec()
	switch {
	case sp.value == kindList && n.Kind == yaml.SequenceNode:
		return o.parseList(n)
	case sp.value == kindMap && n.Kind == yaml.MappingNode:
		return o.parseMap(n)
	case n.Kind != yaml.ScalarNode:
		return nil, fmt.Errorf("want %s, got %s", o.Want(), describe(n))
	}
	tag := n.ShortTag()
	switch {
	case sp.value == kindString && (tag == "!!str" || tag == "!!int" || tag == "!!float"):
		return o.Check(n.Value)
	case sp.value == kindBool && tag == "!!bool":
		return n.Value == "true" || n.Value == "True" || n.Value == "TRUE", nil
	case sp.value == kindInt && tag == "!!int":
		v, err := strconv.Atoi(strings.ReplaceAll(n.Value, "_", ""))
		if err != nil {
			return nil, o.wrong(n.Value)
		}
		return o.Check(v)
	case sp.value == kindFloat && (tag == "!!int" || tag == "!!float"):
		v, err := strconv.ParseFloat(n.Value, 64)
		if err != nil {
			return nil, o.wrong(n.Value)
		}
		return o.Check(v)
	}
	if tag == "!!str" {
		return nil, o.wrong(n.Value)
	}
	return nil, fmt.Errorf("want %s, got %s", o.Want(), describe(n))
}

func (o Option) parseList(n *yaml.Node) (any, error) {
	out := make([]string, 0, len(n.Content))
	for _, item := range n.Content {
		if item.Kind != yaml.ScalarNode || item.ShortTag() == "!!null" {
			return nil, fmt.Errorf("want %s, got %s in it", o.Want(), describe(item))
		}
		out = append(out, item.Value)
	}
	return o.Check(out)
}

func (o Option) parseMap(n *yaml.Node) (any, error) {
	if err := plain(n); err != nil {
		return nil, err
	}
	var out map[string]any
	if err := n.Decode(&out); err != nil {
		return nil, fmt.Errorf("want %s: keys must be strings", o.Want())
	}
	return out, nil
}

// plain refuses aliases: they could unfold without bound.
func plain(n *yaml.Node) error {
	if n.Kind == yaml.AliasNode {
		return errors.New("anchors and aliases are not read here")
	}
	for _, c := range n.Content {
		if err := plain(c); err != nil {
			return err
		}
	}
	return nil
}

// Check tells whether v, already of the type's Go kind, is a value of o, and
// returns it in its one form (an origin without its last slash).
func (o Option) Check(v any) (any, error) {
	sp, _ := o.Type.spec()
	switch v := v.(type) {
	case string:
		return o.checkString(sp, v)
	case int:
		if sp.value != kindInt || (sp.check != nil && sp.check(strconv.Itoa(v)) != nil) ||
			(o.Min != nil && v < *o.Min) || (o.Max != nil && v > *o.Max) {
			return nil, o.wrong(strconv.Itoa(v))
		}
		return v, nil
	case float64:
		if sp.value != kindFloat || (o.Min != nil && v < float64(*o.Min)) || (o.Max != nil && v > float64(*o.Max)) {
			return nil, o.wrong(strconv.FormatFloat(v, 'g', -1, 64))
		}
		return v, nil
	case []string:
		if i := slices.IndexFunc(v, func(s string) bool { return !text(s) || (sp.check != nil && sp.check(s) != nil) }); sp.value != kindList || i >= 0 {
			return nil, o.wrong(strings.Join(v, ","))
		}
		return v, nil
	case bool:
		if sp.value != kindBool {
			return nil, o.wrong(strconv.FormatBool(v))
		}
		return v, nil
	case map[string]any:
		if sp.value != kindMap {
			return nil, fmt.Errorf("want %s, got a mapping", o.Want())
		}
		return v, nil
	default:
		return nil, fmt.Errorf("want %s, got %T", o.Want(), v)
	}
}

func (o Option) checkString(sp spec, v string) (any, error) {
	switch {
	case sp.value != kindString || !o.allows(v) || !text(v):
		return nil, o.wrong(v)
	case o.Type != Text && strings.ContainsAny(v, "\r\n"):
		return nil, fmt.Errorf("want %s on one line", o.Want())
	case sp.check != nil && sp.check(v) != nil:
		return nil, o.wrong(v)
	case o.Type == Origin:
		return strings.TrimSuffix(v, "/"), nil
	}
	return v, nil
}

// text tells whether s can stand in every file that we write.
func text(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

func (o Option) wrong(got string) error {
	if o.Secret {
		return fmt.Errorf("want %s", o.Want())
	}
	const most = 60
	if len(got) > most {
		got = strings.ToValidUTF8(got[:most], "") + "…"
	}
	return fmt.Errorf("want %s, got %q", o.Want(), got)
}

func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	switch n.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!bool":
		return "true or false (quote it if it is text)"
	case "!!int", "!!float":
		return "a number"
	default:
		return "a string"
	}
}
