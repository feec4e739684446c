package config

import (
	"errors"
	"fmt"
	"log/slog"

	"go.yaml.in/yaml/v3"
)

// masked stands wherever a secret would have been printed.
const masked = "***"

// Secret is a value that no print, log or JSON shows. It remembers where it
// came from, so that answers can be stored by reference.
type Secret struct {
	value string
	File  string // path it was read from, "" if none
	Env   string // variable it was read from, "" if none
}

// NewSecret returns a secret given in plain text, as a wizard does.
func NewSecret(value string) Secret { return Secret{value: value} }

// Reveal returns the value itself. Only what writes it to its place calls it.
func (s Secret) Reveal() string { return s.value }

// IsZero tells whether s holds nothing.
func (s Secret) IsZero() bool { return s == Secret{} }

// String hides the value.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return masked
}

// GoString hides the value from %#v.
func (s Secret) GoString() string { return "config.Secret(" + s.String() + ")" }

// Format hides the value from every verb of fmt.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.String())) }

// LogValue hides the value from log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the value from encoding/json and others.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalYAML writes the reference if there is one, and otherwise a mask that
// does not read back: a stored answers file never holds a secret.
func (s Secret) MarshalYAML() (any, error) {
	switch {
	case s.File != "":
		return map[string]string{"file": s.File}, nil
	case s.Env != "":
		return map[string]string{"env": s.Env}, nil
	default:
		return s.String(), nil
	}
}

// UnmarshalYAML reads what MarshalYAML wrote: a reference, not followed, or a
// mask, which is no secret.
func (s *Secret) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.MappingNode {
		var ref struct{ File, Env string }
		if err := n.Decode(&ref); err != nil {
			return errors.New("want {file: PATH} or {env: NAME}")
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
