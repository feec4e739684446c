// Package policy owns when an upgrade may begin with nobody there: the file in
// which an admin says so, the release that it allows, and the verdict of facts
// against it. It asks nothing and changes nothing.
package policy

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/internal/config/option"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// Steps says how far an upgrade may go by itself.
type Steps string

// The choices, for versions of the form YY.M.patch.
const (
	Patch Steps = "patch" // another patch of the same month
	Minor Steps = "minor" // another month of the same year
	Any   Steps = "any"
)

// Policy is the file. Zero means that a clause asks for nothing.
type Policy struct {
	Window       *Window
	Steps        Steps
	SoakDays     int // since the release was tagged
	DrillDays    int // the most that a good drill may be old
	HealthyHours int
	HealthyGap   time.Duration // the most between two looks that count as one stretch
	Rehearse     bool
}

const doc = "docs/unattended.md"

// defaultGap lets a look in every hour count, also one that comes a little late.
const defaultGap = 70 * time.Minute

// Read reads a policy. What is wrong with it is a Usage fault that names the
// line.
func Read(path string) (Policy, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Policy{}, fault.New(fault.Usage, "Write one: see "+doc, "there is no policy in %s", path).WithDoc(doc)
	}
	if err != nil {
		return Policy{}, fmt.Errorf("read the policy: %w", err)
	}
	return Parse(path, data)
}

// Parse reads a policy; name is that of the file, for errors.
func Parse(name string, data []byte) (Policy, error) {
	r := reader{name: name}
	p := Policy{HealthyGap: defaultGap}
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return p, fault.New(fault.Usage, "Compare it with "+doc, "%s is not readable: %w", name, err).WithDoc(doc)
	}
	if len(root.Content) == 0 {
		return p, r.wrong(&yaml.Node{Line: 1}, "it is empty")
	}
	err := r.mapping(root.Content[0], map[string]setter{
		"window":              func(n *yaml.Node) error { return r.window(n, &p) },
		"steps":               func(n *yaml.Node) error { return r.steps(n, &p) },
		"soak_days":           func(n *yaml.Node) error { return r.number(n, &p.SoakDays, 0) },
		"drill_days":          func(n *yaml.Node) error { return r.number(n, &p.DrillDays, 1) },
		"healthy_hours":       func(n *yaml.Node) error { return r.number(n, &p.HealthyHours, 1) },
		"healthy_gap_minutes": func(n *yaml.Node) error { return r.minutes(n, &p.HealthyGap) },
		"rehearse":            func(n *yaml.Node) error { return r.truth(n, &p.Rehearse) },
	})
	if err == nil && p.Steps == "" {
		err = r.wrong(root.Content[0], "it does not say how far an upgrade may go: steps: patch, minor or any")
	}
	return p, err
}

// reader turns nodes into values, and names the line of what is wrong.
type reader struct{ name string }

type setter func(*yaml.Node) error

func (r reader) wrong(n *yaml.Node, format string, args ...any) error {
	return r.hinted(n, "Correct it, or compare it with "+doc, format, args...)
}

func (r reader) hinted(n *yaml.Node, hint, format string, args ...any) error {
	return fault.New(fault.Usage, hint, "%s:%d: %s", r.name, n.Line, fmt.Sprintf(format, args...)).WithDoc(doc)
}

// mapping hands each value to the setter of its key.
func (r reader) mapping(n *yaml.Node, known map[string]setter) error {
	if n.Kind != yaml.MappingNode {
		return r.wrong(n, "here stand keys with values, one a line")
	}
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		set, is := known[key.Value]
		switch {
		case !is:
			near := option.Nearest(key.Value, names, 2)
			if len(near) == 0 {
				near = names
			}
			return r.hinted(key, "Use "+strings.Join(near, " or "), "there is no key %q", key.Value)
		case seen[key.Value]:
			return r.wrong(key, "%s stands there twice", key.Value)
		}
		seen[key.Value] = true
		if err := set(value); err != nil {
			return err
		}
	}
	return nil
}

func (r reader) steps(n *yaml.Node, p *Policy) error {
	p.Steps = Steps(n.Value)
	if n.Kind != yaml.ScalarNode || !slices.Contains([]Steps{Patch, Minor, Any}, p.Steps) {
		return r.wrong(n, "steps: %q is none of patch, minor, any", n.Value)
	}
	return nil
}

func (r reader) number(n *yaml.Node, to *int, least int) error {
	v, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || v < least || v > 100_000 {
		return r.wrong(n, "%q is no number of %d or more", n.Value, least)
	}
	*to = v
	return nil
}

func (r reader) minutes(n *yaml.Node, to *time.Duration) error {
	var v int
	err := r.number(n, &v, 1)
	*to = time.Duration(v) * time.Minute
	return err
}

func (r reader) truth(n *yaml.Node, to *bool) error {
	if n.Kind != yaml.ScalarNode || n.Value != "true" && n.Value != "false" {
		return r.wrong(n, "%q is neither true nor false", n.Value)
	}
	*to = n.Value == "true"
	return nil
}
