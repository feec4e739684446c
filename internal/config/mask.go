package config

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/internal/config/envfile"
	"github.com/sentryctl/sentryctl/internal/config/option"
	"github.com/sentryctl/sentryctl/internal/config/yamltext"
)

// mask hides secrets in lines of configuration files: values that are known to
// be secret, and whatever is set under a name that sounds like one.
type mask struct {
	registry *option.Registry
	values   []string
}

func newMask(reg *option.Registry, a Answers) *mask {
	m := &mask{registry: reg}
	m.add(a.Secrets()...)
	return m
}

// minMasked keeps words of everyday length from being masked wherever they
// stand; a line that sets a secret by name is masked whatever its length.
const minMasked = 4

func (m *mask) add(values ...string) {
	for _, v := range values {
		for line := range strings.Lines(v) {
			if line = strings.TrimSpace(line); len(line) >= minMasked && !slices.Contains(m.values, line) {
				m.values = append(m.values, line)
			}
		}
	}
}

// learn takes up the secrets that a file holds under a name that the registry
// knows as one.
func (m *mask) learn(path string, data []byte) {
	switch path {
	case ymlPath, relayPath:
		if root, err := yamltext.Root(data); err == nil && root != nil {
			m.learnYAML(root)
		}
	case customPath, envPath:
		if f, err := envfile.Parse(data); err == nil {
			for _, e := range f.Entries {
				if m.secret(e.Key) {
					m.add(e.Value)
				}
			}
		}
	}
}

func (m *mask) learnYAML(n *yaml.Node) {
	for i := 0; i+1 < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if v.Kind == yaml.ScalarNode && m.secret(k.Value) {
			m.add(v.Value)
		}
		m.learnYAML(v)
	}
}

func (m *mask) secret(key string) bool {
	if o, ok := m.registry.Get(key); ok {
		return o.Secret
	}
	return secretWord.MatchString(key)
}

// secretWord is what the name of a secret ends with.
var secretWord = regexp.MustCompile(`(?i)(password|passwd|secret|secret[_-]key|private[_-]?key|access[_-]key|api[_-]?key|token|license[_-]?key|credentials|[a-z0-9_.-]+_dsn)$`)

// assignment splits a line of YAML, Python, an env file or GeoIP.conf.
var assignment = regexp.MustCompile(`^(\s*(?:- )?(?:export )?(?:[A-Za-z_]+\[)?["']?([A-Za-z0-9_.-]+)["']?\]?\s*(?:[:=]\s*|\s+))(\S.*)$`)

// line returns a line as it may be shown.
func (m *mask) line(text string) string {
	for _, v := range m.values {
		if strings.Contains(text, v) {
			text = strings.ReplaceAll(text, v, masked)
		}
	}
	p := assignment.FindStringSubmatch(text)
	if p == nil || !m.secret(p[2]) || strings.HasPrefix(strings.TrimSpace(text), "#") || structure(p[3]) {
		return text
	}
	return p[1] + masked
}

// structure tells a value that only opens what follows: no secret in itself.
func structure(value string) bool {
	return slices.Contains([]string{"|", "|-", ">", ">-", "{", "[", "("}, value) || strings.HasPrefix(value, masked)
}
