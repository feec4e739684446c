package config

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/config/envfile"
	"github.com/sentryctl/sentryctl/internal/config/option"
	"github.com/sentryctl/sentryctl/internal/config/yamltext"
)

// Origin says where a value comes from.
type Origin string

// The origins, the strongest first.
const (
	FromAnswers Origin = "answers"
	FromSite    Origin = "site"    // a file of the site says so, and no answer does
	FromRelease Origin = "release" // the release's own file, unchanged
	FromDefault Origin = "default" // what Sentry takes when nobody says anything
)

// Setting is a key with the value that it has. Value is nil when nothing is
// known of it.
type Setting struct {
	option.Option
	Value  any
	Origin Origin
	Place  string   // file that a value of the site or the release stands in
	Sets   []string // options that this answer decides, without one of the same kind
}

// Survey returns every answer and every option that release v has (all
// releases, for the zero version), by key, with its present value. An option that an answer stands for is not listed
// beside it. What Python code computes is not known.
func Survey(v calver.Version, a Answers, pristine, disk fs.FS) ([]Setting, error) {
	reg, err := option.Load()
	if err != nil {
		return nil, fmt.Errorf("load the option registry: %w", err)
	}
	look := surveyor{release: newView(pristine, true), site: newView(disk, false)}
	var out []Setting
	rows := reg.At(v)
	if v.IsZero() {
		rows = reg.All()
	}
	for _, f := range fields() {
		if f.Key == "schema" {
			continue
		}
		s := Setting{Option: f.Option, Value: f.get(&a), Origin: FromAnswers}
		for _, o := range rows {
			switch {
			case o.Answer == f.Key && sameKind(f.Option, o):
				s = look.complete(s, o)
			case o.Answer == f.Key:
				s.Sets = append(s.Sets, o.Key)
			}
		}
		out = append(out, s.orDefault())
	}
	for _, o := range rows {
		if o.Answer != "" {
			continue
		}
		s := look.complete(Setting{Option: o, Value: a.Options[o.Key], Origin: FromAnswers}, o)
		out = append(out, s.orDefault())
	}
	slices.SortStableFunc(out, func(a, b Setting) int { return strings.Compare(a.Key, b.Key) })
	return out, nil
}

// surveyor reads values from the files of the site and its release.
type surveyor struct{ release, site view }

// complete adds to a setting what its row knows, and the value that the files
// have when no answer gives one.
func (l surveyor) complete(s Setting, o option.Option) Setting {
	key := s.Key
	s.Option = o
	s.Key = key
	if s.Value != nil {
		return s
	}
	theirs, place, found := l.site.value(o)
	original, _, known := l.release.value(o)
	switch {
	case found && (!known || theirs != original):
		s.Value, s.Origin, s.Place = theirs, FromSite, place
	case known:
		s.Value, s.Origin, s.Place = original, FromRelease, string(o.File)
	}
	return s
}

func (s Setting) orDefault() Setting {
	if s.Value != nil {
		return s
	}
	s.Origin = FromDefault
	if s.Default != "" {
		s.Value = s.Default
	}
	return s
}

// Text is the value on one line; a secret is masked unless it is to be shown.
func (s Setting) Text(secrets bool) string {
	switch v := s.Value.(type) {
	case nil:
		return ""
	case Secret:
		if secrets {
			return v.Reveal()
		}
		return v.String()
	case []string:
		return strings.Join(v, ",")
	case map[string]any:
		return flow(v, secrets)
	default:
		if s.Secret && !secrets && s.Origin != FromDefault {
			return masked
		}
		return fmt.Sprint(v)
	}
}

// flow writes a mapping on one line.
func flow(m map[string]any, secrets bool) string {
	var v any = m
	if secrets {
		v = reveal(m)
	}
	var n yaml.Node
	if n.Encode(v) != nil {
		return ""
	}
	n.Style = yaml.FlowStyle
	b, err := yaml.Marshal(&n)
	if err != nil {
		return ""
	}
	return strings.Join(strings.Fields(string(b)), " ")
}

// view holds the parsed files of one tree. A file that cannot be read says
// nothing here: CheckSite reports it.
type view struct {
	yml  map[option.File]*yaml.Node
	envs []*envfile.File // the last one wins
	path []string
}

func newView(tree fs.FS, examples bool) view {
	v := view{yml: map[option.File]*yaml.Node{}}
	for _, path := range []string{ymlPath, relayPath} {
		from := path
		if examples {
			from = examplePath(path)
		}
		if data, _, err := read(tree, from); err == nil {
			if root, err := yamltext.Root(data); err == nil {
				v.yml[option.File(path)] = root
			}
		}
	}
	for _, path := range []string{envPath, customPath} {
		if data, found, err := read(tree, path); err == nil && found {
			if f, err := envfile.Parse(data); err == nil {
				v.envs, v.path = append(v.envs, f), append(v.path, path)
			}
		}
	}
	return v
}

// value returns what the tree says of an option, as text.
func (v view) value(o option.Option) (text, place string, found bool) {
	switch o.File {
	case option.ConfigYML, option.RelayYML:
		n := yamltext.Lookup(v.yml[o.File], keyPath(string(o.File), o.Name())...)
		if n == nil || n.ShortTag() == "!!null" {
			return "", "", false
		}
		return nodeText(n), string(o.File), true
	case option.Env:
		for i, f := range slices.Backward(v.envs) {
			if value, ok := f.Get(o.Key); ok {
				return value, v.path[i], true
			}
		}
	}
	return "", "", false
}

func nodeText(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode {
		return strings.TrimSuffix(n.Value, "\n")
	}
	var v any
	if n.Decode(&v) != nil {
		return ""
	}
	if m, ok := v.(map[string]any); ok {
		return flow(guarded(m).(map[string]any), false)
	}
	return fmt.Sprint(v)
}
