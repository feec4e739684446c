package config

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/config/option"
)

// ReadAnswers reads answers from the file at path ("" for none), over it the
// SENTRYCTL_ variables of env ("NAME=value", as os.Environ gives them), over
// those the settings of sets ("key=value"). A key is a field's path such as
// mail.host, or a key of the option registry. The findings are warnings; all
// errors come together in one error of code fault.Usage.
func ReadAnswers(path string, sets, env []string) (Answers, []Finding, error) {
	return ReadAnswersOver(Answers{}, path, sets, env)
}

func (r *reader) all(path string, sets []string) (Answers, []Finding, error) {
	if path != "" {
		r.file(path)
	}
	r.environment()
	r.sets(sets)
	if err := r.found.err("read answers"); err != nil {
		return Answers{}, nil, err
	}
	return r.answers, r.found, nil
}

// reader fills answers from one source after the other.
type reader struct {
	registry *option.Registry
	fields   []field
	env      []string
	answers  Answers
	found    findings
}

func newReader(env []string) (*reader, error) {
	reg, err := option.Load()
	if err != nil {
		return nil, fmt.Errorf("load the option registry: %w", err)
	}
	return &reader{registry: reg, fields: fields(), env: env}, nil
}

// place is where a value was given, for findings.
type place struct {
	file string
	line int
	dir  string // that a relative secret file is looked for in
}

func (r *reader) add(at place, id, key, hint, format string, args ...any) {
	r.found = append(r.found, Finding{
		ID: id, Severity: Err, File: at.file, Line: at.line, Key: key, Hint: hint,
		Text: fmt.Sprintf(format, args...),
	})
}

// target is what a key names: a field, or an option of the registry.
type target struct {
	option.Option
	field *field
}

// find returns the target of a key. An option that a field stands for gives
// that field, so that one thing is never set in two places.
func (r *reader) find(key string) (target, bool) {
	if f := r.field(key); f != nil {
		return target{f.Option, f}, true
	}
	o, ok := r.registry.Get(key)
	if !ok {
		return target{}, false
	}
	if f := r.field(o.Answer); f != nil && sameKind(f.Option, o) {
		return target{f.Option, f}, true
	}
	return target{o, nil}, true
}

func (r *reader) field(path string) *field {
	i := slices.IndexFunc(r.fields, func(f field) bool { return f.Key == path })
	if i < 0 {
		return nil
	}
	return &r.fields[i]
}

// sameKind tells whether an option and the field that sets it hold the same
// value (mail.host) or one follows from the other (beacon).
func sameKind(a, b option.Option) bool { return a.Type == b.Type && a.Secret == b.Secret }

func (r *reader) unknown(at place, key string) {
	near := option.Nearest(key, r.names(), 3)
	for _, o := range r.registry.All() {
		if slices.Contains(o.Also, key) {
			near = []string{o.Key}
		}
	}
	hint := "List the known keys with: sentryctl config list --all"
	if len(near) > 0 {
		hint = "Did you mean " + strings.Join(near, ", ") + "?"
	}
	r.add(at, "unknown-key", key, hint, "unknown key %q", key)
}

func (r *reader) names() []string {
	var out []string
	for _, f := range r.fields {
		out = append(out, f.Key)
	}
	for _, o := range r.registry.All() {
		if !slices.Contains(out, o.Key) {
			out = append(out, o.Key)
		}
	}
	return out
}

// put stores a checked value; a derived option is refused with its field.
func (r *reader) put(at place, t target, v any) {
	switch {
	case t.field != nil:
		t.field.set(&r.answers, v)
	case t.Answer != "":
		r.add(at, "use-the-answer", t.Key, "Set "+t.Answer+" instead", "%s follows from the answer %s", t.Key, t.Answer)
	default:
		if r.answers.Options == nil {
			r.answers.Options = map[string]any{}
		}
		r.answers.Options[t.Key] = r.referenced(at, guarded(v))
	}
}

// putText reads a value given as text and stores it.
func (r *reader) putText(at place, t target, s string) {
	v, err := t.ParseText(s)
	if err != nil {
		r.add(at, "wrong-value", t.Key, "", "%s: %v", t.Key, err)
		return
	}
	if t.Secret {
		v = NewSecret(v.(string))
	}
	r.put(at, t, v)
}

// sets reads key=value settings. A secret must not be given so, because other
// users of the host can read a command line: key.file and key.env take its
// place.
func (r *reader) sets(sets []string) {
	for _, s := range sets {
		at := place{file: "--set " + strings.SplitN(s, "=", 2)[0]}
		key, value, ok := strings.Cut(s, "=")
		key = strings.TrimPrefix(strings.TrimSpace(key), "options.")
		if !ok || key == "" {
			r.add(place{file: "--set"}, "wrong-value", key, "Write --set key=value", "%q is not of the form key=value", strings.SplitN(s, "=", 2)[0])
			continue
		}
		if t, from, ok := r.reference(key); ok {
			r.putReference(at, t, from, value)
			continue
		}
		t, ok := r.find(key)
		switch {
		case !ok:
			r.unknown(at, key)
		case t.Secret:
			// "--set KEY: KEY is …" would read like an assignment and be masked.
			r.add(place{file: "--set"}, "secret-in-flag", t.Key, "Use --set "+key+".file=PATH, --set "+key+".env=NAME or the variable "+envName(key),
				"%s is a secret, and a command line can be read by others", t.Key)
		default:
			r.putText(at, t, value)
		}
	}
}

// reference splits "mail.password.file" into the secret and "file".
func (r *reader) reference(key string) (target, string, bool) {
	i := strings.LastIndexByte(key, '.')
	if i < 0 || (key[i+1:] != "file" && key[i+1:] != "env") {
		return target{}, "", false
	}
	t, ok := r.find(key[:i])
	return t, key[i+1:], ok && t.Secret
}

// environment reads the SENTRYCTL_ variables: SENTRYCTL_MAIL_HOST is
// mail.host, SENTRYCTL_MAIL_PASSWORD_FILE names a file. One that is nearly a
// known name is a slip and gets a warning; others are not ours.
func (r *reader) environment() {
	known := map[string]string{}
	for _, k := range slices.Backward(r.names()) { // a field before an option of the same name
		known[envName(k)] = k
	}
	for _, kv := range r.env {
		name, value, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, envPrefix) {
			continue
		}
		at := place{file: name}
		if key, ok := known[name]; ok {
			t, _ := r.find(key)
			r.putText(at, t, value)
		} else if t, ok := r.secretFile(name, known); ok {
			r.putReference(at, t, "file", value)
		} else if near := option.Nearest(strings.TrimPrefix(name, envPrefix), keys(known), 1); len(near) > 0 {
			r.found = append(r.found, Finding{ID: "unknown-variable", Severity: Warn, Key: name,
				Text: "variable " + name + " sets nothing", Hint: "Did you mean " + envPrefix + near[0] + "?"})
		}
	}
}

func (r *reader) secretFile(name string, known map[string]string) (target, bool) {
	key, ok := known[strings.TrimSuffix(name, "_FILE")]
	if !ok || !strings.HasSuffix(name, "_FILE") {
		return target{}, false
	}
	t, _ := r.find(key)
	return t, t.Secret
}

// keys returns the variables' names without their prefix, which would make all of
// them alike.
func keys(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, strings.TrimPrefix(k, envPrefix))
	}
	slices.Sort(out)
	return out
}

func (r *reader) lookupEnv(name string) (string, bool) {
	for _, kv := range r.env {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			return v, true
		}
	}
	return "", false
}

func (r *reader) putReference(at place, t target, from, value string) {
	s, err := r.resolve(at, from, value)
	if err == nil {
		_, err = t.Check(s.value)
	}
	if err != nil {
		r.add(at, "secret-reference", t.Key, "", "%s: %v", t.Key, err)
		return
	}
	r.put(at, t, s)
}

func (p place) resolve(path string) string {
	if filepath.IsAbs(path) || p.dir == "" {
		return path
	}
	return filepath.Join(p.dir, path)
}
