package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/config/option"
)

// Lookup returns what may be given for a key: an answer's path such as
// mail.host, or a key of the option registry. An option that an answer stands
// for gives that answer.
func Lookup(key string) (option.Option, bool) {
	t, ok := lookup(key)
	return t.Option, ok
}

func lookup(key string) (target, bool) {
	r, err := newReader(nil)
	if err != nil {
		return target{}, false
	}
	return r.find(key)
}

// Given returns the value of a key, nil when the answers say nothing of it.
func (a Answers) Given(key string) any {
	t, ok := lookup(key)
	switch {
	case !ok:
		return nil
	case t.field != nil:
		return t.field.get(&a)
	default:
		return a.Options[t.Key]
	}
}

// With returns answers in which key has the value that text gives, or no value
// when text is empty. a itself stays as it is.
func (a Answers) With(key, text string) (Answers, error) {
	t, ok := lookup(key)
	if !ok {
		return a, fmt.Errorf("unknown key %q", key)
	}
	if text == "" {
		return a.without(t), nil
	}
	v, err := t.ParseText(text)
	if err != nil {
		return a, fmt.Errorf("%s: %w", key, err)
	}
	if t.Secret {
		v = NewSecret(text)
	}
	return a.withValue(t, v)
}

func (a Answers) withValue(t target, v any) (Answers, error) {
	a.Options = maps.Clone(a.Options)
	r := &reader{answers: a}
	r.put(place{}, t, v)
	return r.answers, r.found.err("set an answer")
}

func (a Answers) without(t target) Answers {
	if t.field == nil {
		a.Options = maps.Clone(a.Options)
		delete(a.Options, t.Key)
		return a
	}
	switch p := t.field.at(&a).(type) {
	case *string:
		*p = ""
	case *int:
		*p = 0
	case *bool:
		*p = false
	case *Secret:
		*p = Secret{}
	}
	return a
}

// WithSecretFile returns answers in which the secret of that key is the
// content of a file, kept by reference.
func (a Answers) WithSecretFile(key, path string) (Answers, error) {
	out, _, err := ReadAnswersOver(a.clone(), "", []string{key + ".file=" + path}, nil)
	if err != nil {
		return a, fmt.Errorf("read %s: %w", key, err)
	}
	return out, nil
}

func (a Answers) clone() Answers {
	a.Options = maps.Clone(a.Options)
	return a
}

// reveal returns an option's value as it is written to its file: secrets in
// it, also those within a mapping such as filestore.options, in plain text.
func reveal(v any) any {
	switch v := v.(type) {
	case Secret:
		return v.Reveal()
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			out[k] = reveal(item)
		}
		return out
	default:
		return v
	}
}

// secretsIn returns the secrets in an option's value.
func secretsIn(v any) []Secret {
	switch v := v.(type) {
	case Secret:
		return []Secret{v}
	case map[string]any:
		var out []Secret
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out = append(out, secretsIn(v[k])...)
		}
		return out
	default:
		return nil
	}
}

// guarded returns an option's value with the secrets of a mapping, which its
// type says nothing of, made Secrets.
func guarded(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	out := make(map[string]any, len(m))
	for k, item := range m {
		text, isText := item.(string)
		if isText && secretName(k) {
			out[k] = NewSecret(text)
			continue
		}
		out[k] = guarded(item)
	}
	return out
}

// secretName tells whether an entry of a mapping holds a secret, by its name:
// such as secret_key of filestore.options.
func secretName(name string) bool {
	return strings.Contains(name, "secret") || strings.Contains(name, "password")
}
