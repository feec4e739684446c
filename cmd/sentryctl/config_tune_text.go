package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/internal/config/tune"
)

// writeProposal writes what is proposed as a diff with reasons, then the lines
// for the admin's own override file.
func writeProposal(w io.Writer, in tune.Input, p tune.Proposal, site string) error {
	var b strings.Builder
	profile := in.Profile
	if profile == "" {
		profile = "no profiles"
	}
	fmt.Fprintf(&b, "Sentry %s (%s) on %s and %s of memory\n", in.Version, profile, count(in.CPUs, "CPU"), gib(in.MemoryMiB))
	if len(p.Options) == 0 {
		b.WriteString("\nOptions: nothing to change.\n")
	} else {
		b.WriteString("\nOptions, which sentryctl tune --apply" + site + " sets:\n")
	}
	for _, o := range p.Options {
		if o.Now != "" {
			fmt.Fprintf(&b, "- %s = %s\n", o.Key, o.Now)
		}
		fmt.Fprintf(&b, "+ %s = %s\n    %s\n", o.Key, o.Value, o.Why)
	}
	if len(p.Override) > 0 {
		b.WriteString("\nFor docker-compose.override.yml, which is yours and is not written:\n")
		b.WriteString(override(p.Override))
	}
	if u := p.Uwsgi; u != nil {
		fmt.Fprintf(&b, "\nFor high load: %s.\n", u.Why)
		fmt.Fprintf(&b, "First: sentryctl config set%s %s=%s, then sentryctl config apply%s\n", site, u.Option.Key, u.Option.Value, site)
		fmt.Fprintf(&b, "    %s\nThen, in nginx.conf, which is yours, and restart nginx:\n\n  %s\n", u.Option.Why, strings.Join(u.Nginx, "\n  "))
	}
	for _, n := range p.Notes {
		fmt.Fprintf(&b, "\nNote: %s\n", n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func gib(mib int64) string { return fmt.Sprintf("%.0f GiB", float64(mib)/1024) }

// override writes the lines as YAML to be pasted, each below its reason.
func override(lines []tune.Line) string {
	var names []string
	for _, l := range lines {
		if !slices.Contains(names, l.Service) {
			names = append(names, l.Service)
		}
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteString("\nservices:\n")
	for _, name := range names {
		fmt.Fprintf(&b, "  %s:\n", name)
		for _, l := range lines {
			if l.Service == name && !l.Env {
				fmt.Fprintf(&b, "    # %s\n    %s: %s\n", l.Why, l.Name, scalar(l.Value))
			}
		}
		environment := false
		for _, l := range lines {
			if l.Service != name || !l.Env {
				continue
			}
			if !environment {
				b.WriteString("    environment:\n")
			}
			environment = true
			fmt.Fprintf(&b, "      # %s (now %s)\n      %s: %s\n", l.Why, l.Now, l.Name, scalar(l.Value))
		}
	}
	return b.String()
}

// scalar writes a value on one line.
func scalar(v any) string {
	var n yaml.Node
	if err := n.Encode(v); err != nil {
		return ""
	}
	n.Style = yaml.FlowStyle
	for _, c := range n.Content {
		c.Style = yaml.DoubleQuotedStyle
	}
	if n.Kind == yaml.ScalarNode {
		n.Style = yaml.DoubleQuotedStyle
	}
	text, err := yaml.Marshal(&n)
	if err != nil {
		return ""
	}
	// A dollar would be read as a variable by Compose.
	return strings.ReplaceAll(strings.Join(strings.Fields(string(text)), " "), "$", "$$")
}
