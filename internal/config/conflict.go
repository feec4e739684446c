package config

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/internal/config/option"
	"github.com/sentryctl/sentryctl/internal/config/yamltext"
)

// Conflict is the ID of a finding about an admin's edit of what we own: to
// write the answers would lose it.
const Conflict = "edited-by-hand"

const conflictHint = "Keep your edits with: sentryctl config apply --conflict mine; or overwrite them with: --conflict theirs"

// Conflicts returns the conflicts among findings.
func Conflicts(found []Finding) []Finding {
	return slices.DeleteFunc(slices.Clone(found), func(f Finding) bool { return f.ID != Conflict })
}

// editedKeys finds keys of ours that are not as we left them, and that would
// get another value than they have now.
func (r *renderer) editedKeys(path string, disk, fresh []byte) {
	was := readApplied(r.Disk)
	have, errHave := yamltext.Root(disk)
	will, errWill := yamltext.Root(fresh)
	if errHave != nil || errWill != nil || len(was.Keys[path]) == 0 {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(r.managed(path))) {
		digest, ours := was.Keys[path][key]
		at := keyPath(path, key)
		n, asked := yamltext.Lookup(have, at...), yamltext.Lookup(will, at...)
		now := was.valueDigest(n)
		if !ours || now == digest || now == was.valueDigest(asked) {
			continue
		}
		shown := r.shown(path, disk, fresh)
		f := Finding{ID: Conflict, Severity: Warn, File: path, Key: key, Hint: conflictHint,
			Text: key + " was changed by hand, and the answers say something else",
			Mine: "(removed)", Theirs: shown(keyLine(key, asked))}
		if n == nil {
			f.Text = key + " was removed by hand, and the answers still set it"
		} else {
			f.Line, f.Mine = n.Line, shown(keyLine(key, n))
		}
		r.found = append(r.found, f)
	}
}

// keyLine is a key with its value on one line.
func keyLine(key string, n *yaml.Node) string {
	if n == nil {
		return key
	}
	first, _, more := strings.Cut(nodeText(n), "\n")
	if more {
		first += " …"
	}
	return key + ": " + first
}

// editedBlock finds a block of ours that is not as we left it.
func (r *renderer) editedBlock(path string, disk, fresh []byte) {
	was := readApplied(r.Disk)
	have, will := blockOf(path, disk), blockOf(path, fresh)
	digest, ours := was.Blocks[path]
	if !ours || was.digest(have) == digest || bytes.Equal(have, will) {
		return
	}
	shown := r.shown(path, disk, fresh)
	f := Finding{ID: Conflict, Severity: Warn, File: path, Hint: conflictHint,
		Text: "the lines between sentryctl's marks were changed by hand, and the answers say something else",
		Mine: onlyIn(have, will, shown), Theirs: onlyIn(will, have, shown)}
	if i := bytes.Index(disk, have); len(have) > 0 && i >= 0 {
		f.Line = 1 + bytes.Count(disk[:i], []byte("\n"))
	}
	r.found = append(r.found, f)
}

// onlyIn returns the lines of a that b does not have, as they may be shown.
func onlyIn(a, b []byte, shown func(string) string) string {
	others := strings.Split(string(b), "\n")
	var out []string
	for line := range strings.Lines(string(a)) {
		if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) != "" && !slices.Contains(others, line) {
			out = append(out, shown(line))
		}
	}
	if out == nil {
		return "(nothing)"
	}
	return strings.Join(out, "\n")
}

// shown returns what makes lines of a file fit to be shown.
func (r *renderer) shown(path string, texts ...[]byte) func(string) string {
	reg, err := option.Load()
	if err != nil {
		return func(string) string { return masked }
	}
	m := newMask(reg, r.Answers)
	for _, text := range texts {
		m.learn(path, text)
	}
	return m.line
}
