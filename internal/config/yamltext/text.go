package yamltext

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// text is a YAML file as lines, each with its line end.
type text struct{ lines []string }

func (t *text) bytes() []byte { return []byte(strings.Join(t.lines, "")) }

// set writes the edit into the text. It goes down the path as far as block
// mappings go; there it replaces an entry or adds one.
func (t *text) set(root *yaml.Node, e Edit) ([]byte, error) {
	m, path := root, e.Path
	end := len(t.lines) // of the mapping m
	for len(path) > 1 {
		k, v := entry(m, path[0])
		if v == nil || v.Kind != yaml.MappingNode || v.Style&yaml.FlowStyle != 0 || len(v.Content) == 0 {
			break
		}
		end = t.extent(k, v)
		m, path = v, path[1:]
	}
	if m != nil && m.Style&yaml.FlowStyle != 0 {
		return nil, errors.New("the file is one flow mapping {…}")
	}
	value := e.Value
	k, v := entry(m, path[0])
	if len(path) > 1 {
		var have any
		if v != nil && v.Decode(&have) != nil {
			return nil, errors.New("cannot read what is there")
		}
		value = put(have, path[1:], e.Value)
	}
	indent := 0
	if m != nil && len(m.Content) > 0 {
		indent = m.Content[0].Column - 1
	}
	fresh, err := Encode(path[0], value, indent)
	if err != nil {
		return nil, err
	}
	if k != nil {
		return t.replace(k, v, fresh), nil
	}
	return t.insert(path[0], indent, end, fresh), nil
}

// extent returns the number of lines up to the end of the entry k: v, without
// the comments and blank lines behind it.
func (t *text) extent(k, v *yaml.Node) int {
	literal := v.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
	end := k.Line
	for i := k.Line; i < len(t.lines); i++ {
		line := strings.TrimRight(t.lines[i], "\r\n")
		body := strings.TrimLeft(line, " ")
		depth := len(line) - len(body)
		switch {
		case strings.TrimSpace(body) == "":
		case depth >= k.Column, depth == k.Column-1 && v.Kind == yaml.SequenceNode && strings.HasPrefix(body, "-"):
			if literal || body[0] != '#' {
				end = i + 1
			}
		case body[0] == '#' && !literal:
		default:
			return end
		}
	}
	return end
}

// replace puts fresh where the entry stands; the comment behind a value on
// one line stays.
func (t *text) replace(k, v *yaml.Node, fresh []string) []byte {
	end := t.extent(k, v)
	if v.LineComment != "" && len(fresh) == 1 && end == k.Line {
		fresh[0] = strings.TrimRight(fresh[0], "\n") + " " + v.LineComment + "\n"
	}
	t.lines = slices.Replace(t.lines, k.Line-1, end, fresh...)
	return t.bytes()
}

// insert adds an entry to a mapping that ends before line end: below the
// comment that shows it as an example, if there is one, else at the end.
func (t *text) insert(key string, indent, end int, fresh []string) []byte {
	example := regexp.MustCompile(`^ {` + strconv.Itoa(indent) + `}#+ ?` + regexp.QuoteMeta(key) + `:( |$)`)
	at := end
	for i, line := range t.lines[:end] {
		if indent == 0 && example.MatchString(strings.TrimRight(line, "\r\n")) {
			at = i + 1
		}
	}
	if at > 0 && !strings.HasSuffix(t.lines[at-1], "\n") {
		t.lines[at-1] += "\n"
	}
	t.lines = slices.Insert(t.lines, at, fresh...)
	return t.bytes()
}
