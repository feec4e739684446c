package config

import (
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/internal/config/option"
)

// StoreAnswers returns answers as a site keeps them. A secret is stored as the
// reference that it was given by, else as a mask: its value stands in the files
// that were rendered and nowhere else.
func StoreAnswers(a Answers) (yaml.Node, error) {
	a.Schema = SchemaVersion
	var n yaml.Node
	if err := n.Encode(a); err != nil {
		return yaml.Node{}, fmt.Errorf("store answers: %w", err)
	}
	return n, nil
}

// StoredAnswers reads what StoreAnswers returned. A secret is read from its
// reference where that still leads somewhere; a masked one is left out, so that
// rendering keeps what the files hold. env is as os.Environ gives it.
func StoredAnswers(n yaml.Node, env []string) (Answers, error) {
	if n.IsZero() {
		return Answers{}, nil
	}
	var a Answers
	if err := n.Decode(&a); err != nil {
		return Answers{}, fmt.Errorf("read stored answers: %w", err)
	}
	r, err := newReader(env)
	if err != nil {
		return Answers{}, err
	}
	for _, f := range r.fields {
		if p, ok := f.at(&a).(*Secret); ok {
			*p = r.revive(*p)
		}
	}
	return a, r.storedOptions(&a, n)
}

// revive fills a secret that was stored by reference.
func (r *reader) revive(s Secret) Secret {
	kind, name := "file", s.File
	if s.Env != "" {
		kind, name = "env", s.Env
	}
	if name == "" {
		return s
	}
	full, err := r.resolve(place{}, kind, name)
	if err != nil {
		return s
	}
	return full
}

// storedOptions gives the options their types back: YAML alone does not know
// a list of strings from a list of anything.
func (r *reader) storedOptions(a *Answers, n yaml.Node) error {
	var raw struct {
		Options map[string]yaml.Node `yaml:"options"`
	}
	if err := n.Decode(&raw); err != nil {
		return fmt.Errorf("read stored answers: %w", err)
	}
	for key, node := range raw.Options {
		o, ok := r.registry.Get(key)
		if !ok {
			continue // of a newer sentryctl; Validate names it
		}
		v, err := r.storedOption(o, &node)
		if err != nil {
			return fmt.Errorf("read stored answers: %s: %w", key, err)
		}
		if s, ok := v.(Secret); ok && s.IsZero() {
			delete(a.Options, key)
			continue
		}
		a.Options[key] = v
	}
	return nil
}

func (r *reader) storedOption(o option.Option, n *yaml.Node) (any, error) {
	if !o.Secret {
		return o.ParseNode(n)
	}
	var s Secret
	if err := n.Decode(&s); err != nil {
		return nil, err
	}
	return r.revive(s), nil
}

// UnmarshalYAML reads what MarshalYAML wrote: a reference, not followed, or a
// mask, which is no secret.
func (s *Secret) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.MappingNode {
		var ref struct{ File, Env string }
		if err := n.Decode(&ref); err != nil {
			return fmt.Errorf("want {file: PATH} or {env: NAME}")
		}
		*s = Secret{File: ref.File, Env: ref.Env}
		return nil
	}
	if n.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: want a secret, or {file: PATH} or {env: NAME}", n.Line)
	}
	*s = Secret{}
	if n.Value != masked && n.ShortTag() != "!!null" {
		s.value = n.Value
	}
	return nil
}
