package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// maxFile bounds every file that we read: none of upstream's has 100 kB.
const maxFile = 10 << 20

// file reads an answers file.
func (r *reader) file(path string) {
	at := place{file: path, dir: filepath.Dir(path)}
	b, open, err := readLimited(path)
	if err != nil {
		r.add(at, "unreadable", "", "", "%v", err)
		return
	}
	root, f := parseYAML(path, b)
	if f != nil {
		r.found = append(r.found, *f)
		return
	}
	if root == nil {
		return
	}
	m := mapping{reader: r, at: at, seen: map[string]int{}}
	m.read(root, "")
	if m.plainSecret && open {
		r.warnOpen(at, path)
	}
	if r.answers.Schema > SchemaVersion {
		r.add(at, "schema-newer", "schema", "Use a newer sentryctl", "the file is of schema %d; this program reads up to %d", r.answers.Schema, SchemaVersion)
	}
}

func readLimited(path string) (b []byte, open bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, false, errors.Unwrap(err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, false, err
	}
	if !info.Mode().IsRegular() && info.Mode()&os.ModeNamedPipe == 0 {
		return nil, false, errors.New("is not a file")
	}
	b, err = io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, false, fmt.Errorf("read: %w", err)
	}
	if len(b) > maxFile {
		return nil, false, fmt.Errorf("is larger than %d MB", maxFile>>20)
	}
	return b, info.Mode().Perm()&0o077 != 0, nil
}

// checkBytes finds what makes a file no text of ours: binary, a byte order
// mark, Windows line ends.
func checkBytes(path string, b []byte) *Finding {
	bad := func(id string, offset int, text, hint string) *Finding {
		return &Finding{ID: id, Severity: Err, File: path, Line: 1 + bytes.Count(b[:offset], []byte("\n")), Text: text, Hint: hint}
	}
	if bytes.HasPrefix(b, []byte("\ufeff")) {
		return bad("byte-order-mark", 0, "begins with a byte order mark", "Save it as UTF-8 without BOM")
	}
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return bad("binary", i, "is binary, not text", "Give a YAML file")
	}
	if i := bytes.IndexByte(b, '\r'); i >= 0 {
		return bad("carriage-return", i, "has Windows line ends", "Convert it with: dos2unix "+path)
	}
	if i := invalidUTF8(b); i >= 0 {
		return bad("not-utf8", i, "is not UTF-8", "Save it as UTF-8")
	}
	return nil
}

func invalidUTF8(b []byte) int {
	for i := 0; i < len(b); {
		c, n := utf8.DecodeRune(b[i:])
		if c == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

var yamlLine = regexp.MustCompile(`line (\d+): `)

// parseYAML returns the root node of the one document in b, nil for an empty
// one, or a finding with the line of what is wrong.
func parseYAML(path string, b []byte) (*yaml.Node, *Finding) {
	if f := checkBytes(path, b); f != nil {
		return nil, f
	}
	f := &Finding{ID: "yaml-syntax", Severity: Err, File: path, Hint: "Correct the YAML"}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	var doc, second yaml.Node
	err := dec.Decode(&doc)
	switch {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, syntaxFinding(f, b, err)
	case dec.Decode(&second) == nil:
		f.Line, f.Text, f.Hint = second.Line, "holds more than one YAML document", "Keep one document"
		return nil, f
	case doc.Kind != yaml.DocumentNode || len(doc.Content) != 1:
		f.Text = "is not a YAML document"
		return nil, f
	}
	return doc.Content[0], nil
}

// syntaxFinding turns the parser's error into a finding. A tab in an
// indentation is what it cannot name well itself.
func syntaxFinding(f *Finding, b []byte, err error) *Finding {
	f.Text = strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(f.Text); m != nil {
		f.Line, _ = strconv.Atoi(m[1])
		f.Text = strings.Replace(f.Text, m[0], "", 1)
	}
	for i, line := range bytes.Split(b, []byte("\n")) {
		indent := line[:len(line)-len(bytes.TrimLeft(line, " \t"))]
		if bytes.ContainsRune(indent, '\t') && len(indent) < len(line) {
			f.ID, f.Line, f.Text, f.Hint = "tab", i+1, "has a tab in its indentation", "Indent with spaces"
			return f
		}
	}
	return f
}

// mapping walks the mappings of an answers file.
type mapping struct {
	*reader
	at          place
	seen        map[string]int // target to line
	plainSecret bool
}

func (m *mapping) read(n *yaml.Node, prefix string) {
	at := m.at
	at.line = n.Line
	if n.Kind != yaml.MappingNode {
		m.add(at, "wrong-type", strings.TrimSuffix(prefix, "."), "", "%swant a mapping, got something else", label(prefix))
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		at.line = k.Line
		switch key := prefix + k.Value; {
		case k.Kind != yaml.ScalarNode || v.Kind == yaml.AliasNode || k.ShortTag() == "!!merge":
			m.add(at, "alias", key, "Write the value out", "anchors and aliases are not read here")
		case prefix == "" && k.Value == "options":
			m.section(at, "options.", v)
		case slices.ContainsFunc(m.fields, func(f field) bool { return strings.HasPrefix(f.Key, key+".") }):
			m.section(at, key+".", v)
		default:
			m.entry(at, key, v)
		}
	}
}

func label(prefix string) string {
	if prefix == "" {
		return ""
	}
	return strings.TrimSuffix(prefix, ".") + ": "
}

// section reads a nested mapping; an empty one says nothing.
func (m *mapping) section(at place, prefix string, v *yaml.Node) {
	if line, twice := m.seen[prefix]; twice {
		m.add(at, "duplicate-key", prefix, "Keep one of them", "%sgiven twice, first on line %d", label(prefix), line)
		return
	}
	m.seen[prefix] = at.line
	if v.ShortTag() == "!!null" {
		return
	}
	m.read(v, prefix)
}

func (m *mapping) entry(at place, key string, v *yaml.Node) {
	name, isOption := strings.CutPrefix(key, "options.")
	t, ok := m.find(name)
	// A field may not stand under options, nor an option outside of it.
	if !ok || (!isOption && (t.field == nil || t.field.Key != name)) {
		m.unknown(at, name)
		return
	}
	if line, twice := m.seen[t.Key]; twice {
		m.add(at, "duplicate-key", key, "Keep one of them", "%s: given twice, first on line %d", key, line)
		return
	}
	m.seen[t.Key] = at.line
	m.value(at, t, v)
}

func (m *mapping) value(at place, t target, v *yaml.Node) {
	var got any
	var err error
	if t.Secret {
		var plain bool
		got, plain, err = m.secretNode(at, t, v)
		m.plainSecret = m.plainSecret || plain
	} else {
		got, err = t.ParseNode(v)
	}
	if err != nil {
		at.line = v.Line
		m.add(at, "wrong-value", t.Key, "", "%s: %v", t.Key, err)
		return
	}
	m.put(at, t, got)
}
