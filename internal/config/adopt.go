package config

import (
	"fmt"
	"io/fs"

	"github.com/sentryctl/sentryctl/internal/config/envfile"
	"github.com/sentryctl/sentryctl/internal/config/option"
	"github.com/sentryctl/sentryctl/internal/config/yamltext"
)

// Adopt returns the answers with what was changed by hand, as conflicts among
// the findings name it, taken into them. A changed block of Python is no list
// of settings and stays one: see KeepPython.
func Adopt(a Answers, found []Finding, disk fs.FS) (Answers, error) {
	r, err := editing(a)
	if err != nil {
		return a, err
	}
	for _, f := range Conflicts(found) {
		switch f.File {
		case ymlPath, relayPath:
			r.adoptKey(f, disk)
		case customPath:
			r.adoptVariables(f, disk)
		}
	}
	if err := r.found.err("take your edits into the answers"); err != nil {
		return a, err
	}
	return r.answers, nil
}

// adoptKey takes one key of a YAML file; one that was removed is unset.
func (r *reader) adoptKey(f Finding, disk fs.FS) {
	key := f.Key
	if f.File == relayPath {
		key = "relay/" + key
	}
	at := place{file: f.File, line: f.Line}
	t, ok := r.find(key)
	if !ok {
		r.unknown(at, key)
		return
	}
	data, _, err := read(disk, f.File)
	if err != nil {
		r.add(at, "unreadable", key, "", "%v", err)
		return
	}
	root, err := yamltext.Root(data)
	if err != nil {
		r.add(at, "yaml-syntax", key, "Correct the YAML", "%v", err)
		return
	}
	n := yamltext.Lookup(root, keyPath(f.File, f.Key)...)
	if n == nil {
		r.answers = r.answers.without(t)
		return
	}
	v, err := t.ParseNode(n)
	if err != nil {
		r.add(at, "wrong-value", key, "", "%s: %v", key, err)
		return
	}
	if text, isText := v.(string); isText && t.Secret {
		v = NewSecret(text)
	}
	r.put(at, t, v)
}

// adoptVariables takes every variable of our block, and unsets those that were
// taken out of it.
func (r *reader) adoptVariables(f Finding, disk fs.FS) {
	data, _, err := read(disk, f.File)
	if err != nil {
		r.add(place{file: f.File}, "unreadable", "", "", "%v", err)
		return
	}
	vars, err := envfile.Parse(blockOf(f.File, data))
	if err != nil {
		r.add(place{file: f.File, line: f.Line}, "cannot-read", "", "Correct the line", "%v", err)
		return
	}
	for _, e := range vars.Entries {
		at := place{file: f.File, line: f.Line + e.Line - 1}
		o, known := r.registry.Get(e.Key)
		t, _ := r.find(e.Key)
		switch {
		case !known || o.File != option.Env:
			r.add(at, "not-an-option", e.Key, "Move the line below the block", "%s is no option that sentryctl knows", e.Key)
		case t.field != nil && t.Secret, t.Answer != "" && t.field == nil:
			r.add(at, "follows", e.Key, "Set "+o.Answer+" instead", "%s follows from the answer %s", e.Key, o.Answer)
		default:
			r.putText(at, t, envAnswer(t.Option, e.Value))
		}
	}
	for _, o := range r.registry.All() {
		if t, ok := r.find(o.Key); ok && o.File == option.Env && !t.Secret && r.answers.Given(t.Key) != nil {
			if _, stands := vars.Get(o.Key); !stands && siteVariable(disk, o.Key) != fmt.Sprint(r.answers.Given(t.Key)) {
				r.answers = r.answers.without(t)
			}
		}
	}
}

// envAnswer reads 1 and nothing, as upstream's scripts mean them, as booleans.
func envAnswer(o option.Option, value string) string {
	if o.Type != option.Bool {
		return value
	}
	if value == "" || value == "0" {
		return "false"
	}
	return "true"
}

// SiteVariable returns a variable as the site has it: .env.custom over .env.
func SiteVariable(disk fs.FS, name string) string { return siteVariable(disk, name) }

// VariableIn returns a variable of the text of an env file, "" when it sets
// none.
func VariableIn(data []byte, name string) string {
	f, err := envfile.Parse(data)
	if err != nil {
		return ""
	}
	value, _ := f.Get(name)
	return value
}
