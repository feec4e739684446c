package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/internal/config/pyconf"
	"github.com/sentryctl/sentryctl/internal/config/yamltext"
)

// configYML renders sentry/config.yml.
func (r *renderer) configYML() error {
	base, found, err := r.base(ymlPath)
	if err != nil || !found {
		return err
	}
	if _, ok := r.root(ymlPath, base); !ok {
		return nil
	}
	disk := base
	if base, err = r.takeBack(ymlPath, base); err != nil {
		r.refuse(ymlPath, lineOf(err), yamlHint, err)
		return nil
	}
	root, ok := r.root(ymlPath, base)
	if !ok {
		return nil
	}
	want := maps.Clone(r.want.yml)
	if _, ok := want[secretKeyOption]; !ok && unset(scalarAt(root, secretKeyOption)) && r.SecretKey != "" {
		want[secretKeyOption] = r.SecretKey
	}
	if have := scalarAt(root, urlOption); want[urlOption] == nil && (unset(have) || have == r.formerGuess()) {
		guess := defaultURL(cmp.Or(r.Answers.Bind, variable(r.Pristine, envPath, bindVariable)), r.Host)
		want[urlOption] = guess
		r.found = append(r.found, Finding{ID: "url-guessed", Severity: Info, File: ymlPath, Key: "url",
			Text: "nobody gave the address of this Sentry: links in mails go to " + guess, Hint: "Set url to what a browser uses, such as https://sentry.example.com"})
	}
	out, err := yamltext.Set(base, edits(want, func(key string) []string { return []string{key} }))
	if err != nil {
		r.refuse(ymlPath, lineOf(err), yamlHint, err)
		return nil
	}
	r.editedKeys(ymlPath, disk, out)
	r.put(ymlPath, openMode, out)
	return nil
}

// formerGuess is what the site's address was guessed from the port that it has
// now: such an address follows the port, and one that somebody wrote stays.
func (r *renderer) formerGuess() string {
	bind := cmp.Or(variable(r.Disk, customPath, bindVariable), variable(r.Disk, envPath, bindVariable))
	return defaultURL(bind, r.Host)
}

const bindVariable = "SENTRY_BIND"

const yamlHint = "Write each setting on a line of its own, in the way of the release's example"

// root returns the mapping of a YAML file; ok is false, with a finding, when
// the file is none.
func (r *renderer) root(path string, data []byte) (root *yaml.Node, ok bool) {
	if _, f := parseYAML(path, data); f != nil {
		r.found = append(r.found, *f)
		return nil, false
	}
	root, err := yamltext.Root(data)
	if err != nil {
		r.refuse(path, lineOf(err), yamlHint, err)
		return nil, false
	}
	return root, true
}

// edits returns an edit per key, in the order of the keys.
func edits(m map[string]any, path func(string) []string) []yamltext.Edit {
	var out []yamltext.Edit
	for _, key := range slices.Sorted(maps.Keys(m)) {
		out = append(out, yamltext.Edit{Path: path(key), Value: m[key]})
	}
	return out
}

// relay renders relay/config.yml, which relay reads since 20.7.0.
func (r *renderer) relay() error {
	base, found, err := r.base(relayPath)
	if err != nil || !found {
		return err
	}
	if _, ok := r.root(relayPath, base); !ok {
		return nil
	}
	disk := base
	if base, err = r.takeBack(relayPath, base); err != nil {
		r.refuse(relayPath, lineOf(err), yamlHint, err)
		return nil
	}
	out, err := yamltext.Set(base, edits(r.want.relay, func(key string) []string { return strings.Split(key, ".") }))
	if err != nil {
		r.refuse(relayPath, lineOf(err), yamlHint, err)
		return nil
	}
	r.editedKeys(relayPath, disk, out)
	r.put(relayPath, openMode, out)
	return nil
}

const confHint = "Run: python3 -m py_compile " + confPath

// confPy renders sentry/sentry.conf.py: the admin's file with our block.
func (r *renderer) confPy() error {
	base, found, err := r.base(confPath)
	switch {
	case err != nil:
		return err
	case !found && len(r.want.conf) > 0:
		r.warn("file-missing", confPath, "", "Use a complete release tree",
			"neither the site nor the release has a %s: what belongs there is not written", confPath)
		return nil
	case !found:
		return nil
	}
	lines, err := confLines(r.want.conf)
	if err != nil {
		return fmt.Errorf("render %s: %w", confPath, err)
	}
	out, err := pyconf.SetBlock(base, lines)
	if err != nil {
		r.refuseSyntax(err)
		return nil
	}
	if line, err := pyconf.Follows(out); err == nil && line > 0 {
		severity := Warn
		if bytes.Contains(out, []byte(keptHeading)) {
			severity = Info // the admin said so
		}
		r.found = append(r.found, Finding{ID: "code-behind-block", Severity: severity, File: confPath, Line: line,
			Text: "code behind sentryctl's block wins over what the block sets", Hint: "Move it above the line " + pyconf.Begin})
	}
	r.found = append(r.found, checkAmended(r.Version, base)...)
	r.editedBlock(confPath, base, out)
	r.put(confPath, openMode, out)
	return nil
}

func (r *renderer) refuseSyntax(err error) {
	var e *pyconf.SyntaxError
	if errors.As(err, &e) {
		r.refuse(confPath, e.Line, confHint, errors.New(e.Text))
		return
	}
	r.refuse(confPath, 0, confHint, err)
}

// confLines writes the settings as Python. A key of two parts sets an item of
// a mapping: SENTRY_WEB_OPTIONS.workers. A mapping is added to what is there.
func confLines(m map[string]any) ([]string, error) {
	if len(m) == 0 {
		return nil, nil
	}
	header, err := head("sentry.conf.py.tmpl")
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSpace(header), "\n")
	for _, key := range slices.Sorted(maps.Keys(m)) {
		value, err := pyconf.Literal(m[key])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		name, item, ok := strings.Cut(key, ".")
		switch _, isMap := m[key].(map[string]any); {
		case ok:
			quoted, err := pyconf.Literal(item)
			if err != nil {
				return nil, err
			}
			lines = append(lines, name+"["+quoted+"] = "+value)
		case isMap:
			lines = append(lines, name+".update("+value+")")
		default:
			lines = append(lines, name+" = "+value)
		}
	}
	return lines, nil
}
