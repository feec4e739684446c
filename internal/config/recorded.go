package config

import (
	"maps"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/internal/config/option"
)

// Recorded returns the answers that a site's record holds. Relative references
// begin at own, the directory that the record lies in. A secret whose
// reference leads nowhere by now keeps it, without a value: Render takes the
// value from the site's files.
func Recorded(node yaml.Node, own string, env []string) (Answers, error) {
	if node.Kind == 0 {
		return Answers{}, nil
	}
	r, err := newReader(env)
	if err != nil {
		return Answers{}, err
	}
	at := place{file: "the site's record", dir: own}
	lost := map[string]Secret{}
	(&mapping{reader: r, at: at, seen: map[string]int{}}).read(r.withoutLostSecrets(at, &node, "", lost), "")
	for _, key := range slices.Sorted(maps.Keys(lost)) {
		if t, ok := r.find(key); ok && t.Secret {
			r.put(at, t, lost[key])
		}
	}
	return r.answers, r.found.err("read recorded answers")
}

// withoutLostSecrets returns a copy of a mapping without masks and without
// references that cannot be resolved; those it puts into lost, by key.
func (r *reader) withoutLostSecrets(at place, n *yaml.Node, prefix string, lost map[string]Secret) *yaml.Node {
	c := *n
	if n.Kind != yaml.MappingNode {
		return &c
	}
	c.Content = nil
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		key := prefix + k.Value
		if s, isLost := r.lostSecret(at, key, v); isLost {
			lost[key] = s
			continue
		}
		below := key + "."
		if prefix == "" && k.Value == "options" {
			below = ""
		}
		c.Content = append(c.Content, k, r.withoutLostSecrets(at, v, below, lost))
	}
	return &c
}

// lostSecret tells whether v is a secret without a value: a mask, as records
// of a former sentryctl hold, or a reference that leads nowhere.
func (r *reader) lostSecret(at place, key string, v *yaml.Node) (Secret, bool) {
	if v.Kind == yaml.ScalarNode && v.Value == masked {
		return Secret{File: filepath.Join(at.dir, keptDir, keptName(key))}, true
	}
	if v.Kind != yaml.MappingNode || len(v.Content) != 2 {
		return Secret{}, false
	}
	kind, name := v.Content[0].Value, v.Content[1].Value
	if kind != "file" && kind != "env" {
		return Secret{}, false
	}
	if _, err := r.resolve(at, kind, name); err == nil {
		return Secret{}, false
	}
	if kind == "env" {
		return Secret{Env: name}, true
	}
	return Secret{File: at.resolve(name)}, true
}

// ReadAnswersOver is ReadAnswers on top of answers that are known already.
func ReadAnswersOver(base Answers, path string, sets, env []string) (Answers, []Finding, error) {
	r, err := newReader(env)
	if err != nil {
		return Answers{}, nil, err
	}
	r.answers = base
	r.answers.Options = maps.Clone(base.Options)
	return r.all(path, sets)
}

// Secrets returns every secret value in the answers, for whoever has to keep
// them out of what is shown.
func (a Answers) Secrets() []string {
	var out []string
	a.eachSecret(func(_ string, s Secret) Secret {
		if s.value != "" {
			out = append(out, s.value)
		}
		return s
	})
	return out
}

// eachSecret returns the answers with every secret replaced by what visit
// makes of it.
func (a Answers) eachSecret(visit func(key string, s Secret) Secret) Answers {
	for _, f := range fields() {
		if s, ok := f.at(&a).(*Secret); ok && !s.IsZero() {
			*s = visit(f.Key, *s)
		}
	}
	if a.Options != nil {
		a.Options = visitSecrets("", a.Options, visit)
	}
	return a
}

// visitSecrets goes through the options and the mappings in them.
func visitSecrets(prefix string, m map[string]any, visit func(key string, s Secret) Secret) map[string]any {
	out := make(map[string]any, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		switch v := m[k].(type) {
		case Secret:
			out[k] = visit(prefix+k, v)
		case map[string]any:
			out[k] = visitSecrets(prefix+k+".", v, visit)
		default:
			out[k] = v
		}
	}
	return out
}

// lostSecrets finds secrets that have no value any more, neither where they
// came from nor in the site's files.
func lostSecrets(a Answers, reg *option.Registry) findings {
	var out findings
	a.eachSecret(func(key string, s Secret) Secret {
		if _, isOption := reg.Get(key); s.value == "" && (isOption || key == "mail.password") {
			out = append(out, Finding{ID: "secret-lost", Severity: Err, Key: key, Text: "the value of " + key + " is gone: nothing can be read from " + s.File + s.Env,
				Hint: "Give it again: sentryctl config set " + key + " --from-file FILE"})
		}
		return s
	})
	return out
}
