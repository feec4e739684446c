package adapt

import (
	"cmp"
	"fmt"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/lab/trees"
)

// compose is what of a compose file has to be changed for the lab.
type compose struct {
	Services map[string]service `yaml:"services"`
	Volumes  map[string]*volume `yaml:"volumes"`
}

type service struct {
	Image   string            `yaml:"image,omitempty"`
	Build   *build            `yaml:"build,omitempty"`
	Ulimits map[string]nofile `yaml:"ulimits,omitempty"`
}

type build struct {
	Args args `yaml:"args,omitempty"`
}

// args are build arguments with values; those that a list only names come
// from the environment, which needs no change.
type args map[string]string

// UnmarshalYAML reads both forms.
func (a *args) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.SequenceNode {
		return nil
	}
	return n.Decode((*map[string]string)(a))
}

type nofile struct {
	Soft limit `yaml:"soft"`
	Hard limit `yaml:"hard"`
}

// limit is a number, or 0 where the compose file has a variable.
type limit int

// UnmarshalYAML reads both.
func (l *limit) UnmarshalYAML(n *yaml.Node) error {
	var i int
	if n.Decode(&i) == nil {
		*l = limit(i)
	}
	return nil
}

type volume struct {
	Name     string `yaml:"name,omitempty"`
	External bool   `yaml:"external,omitempty"`
}

func readCompose(path string) (compose, error) {
	var c compose
	data, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("read release: %w", err)
	}
	if err := yaml.Unmarshal(data, &c); err != nil {
		return c, fmt.Errorf("read %s: %w", path, err)
	}
	if len(c.Services) == 0 {
		return c, fmt.Errorf("%s has no services", path)
	}
	return c, nil
}

// override says what differs on the lab, and which of its images that names.
func (c compose) override(o Options) (compose, []string, error) {
	names := naming{prefix: cmp.Or(o.Prefix, trees.DefaultPrefix), built: map[string]bool{}}
	most := limit(cmp.Or(o.Nofile, trees.DefaultNofile))
	for _, s := range c.Services {
		if s.Build != nil {
			names.built[s.Image] = true
		}
	}
	over := compose{Services: map[string]service{}, Volumes: map[string]*volume{}}
	for name, s := range c.Services {
		changed, err := names.service(s)
		if err != nil {
			return over, nil, fmt.Errorf("service %s: %w", name, err)
		}
		if n := s.Ulimits["nofile"]; max(n.Soft, n.Hard) > most {
			changed.Ulimits = map[string]nofile{"nofile": {Soft: min(n.Soft, most), Hard: min(n.Hard, most)}}
		}
		if changed.Image != "" || changed.Build != nil || changed.Ulimits != nil {
			over.Services[name] = changed
		}
	}
	for name, v := range c.Volumes {
		if v != nil && v.External {
			over.Volumes[name] = &volume{Name: names.prefix + "-" + strings.TrimPrefix(name, "sentry-"), External: true}
		}
	}
	return over, names.refs, nil
}

// naming gives images their names on the lab and remembers which it gave.
type naming struct {
	prefix string
	built  map[string]bool // images that some service builds
	refs   []string
}

func (n *naming) service(s service) (service, error) {
	var changed service
	image, err := n.image(s.Image)
	if err != nil {
		return changed, err
	}
	if image != s.Image {
		changed.Image = image
	}
	if s.Build == nil {
		return changed, nil
	}
	for key, value := range s.Build.Args {
		base, err := n.image(value)
		if err != nil {
			return changed, err
		}
		if base != value {
			if changed.Build == nil {
				changed.Build = &build{Args: args{}}
			}
			changed.Build.Args[key] = base
		}
	}
	return changed, nil
}

// image is the lab's name for an image. A variable keeps its name: .env says
// what it stands for.
func (n *naming) image(ref string) (string, error) {
	switch {
	case ref == "" || strings.HasPrefix(ref, "$"):
		return ref, nil
	case n.built[ref]:
		return n.prefix + "-" + ref, nil
	}
	ref, err := labImage(ref)
	if err == nil {
		n.refs = append(n.refs, ref)
	}
	return ref, err
}

// asksForClickHouse tells whether the image comes from the environment.
func (c compose) asksForClickHouse() bool {
	b := c.Services["clickhouse"].Build
	return b != nil && strings.Contains(b.Args["BASE_IMAGE"], "CLICKHOUSE_IMAGE")
}
