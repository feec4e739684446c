package stack

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/template"
	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/internal/release"
)

// rawFile is a compose file before interpolation, with anchors resolved.
type rawFile map[string]any

func readRaw(files []string) ([]rawFile, error) {
	var list []rawFile
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		var raw map[string]any
		if err := yaml.Unmarshal(data, &raw); err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		list = append(list, raw)
	}
	return list, nil
}

// envVars lists the variables that the env files set or the compose files
// read. UsedBy names a service, or "section.name" outside the services.
func (p *Project) envVars() []release.EnvVar {
	found := map[string]*release.EnvVar{}
	at := func(name string) *release.EnvVar {
		if found[name] == nil {
			found[name] = &release.EnvVar{Name: name}
		}
		return found[name]
	}
	for _, raw := range p.raw {
		raw.eachPart(func(user string, part any) {
			for name, value := range variables(part) {
				v := at(name)
				if v.Default == "" {
					v.Default = value
				}
				if !slices.Contains(v.UsedBy, user) {
					v.UsedBy = append(v.UsedBy, user)
				}
			}
		})
	}
	for name, value := range p.fileEnv {
		v := at(name)
		v.Set, v.Default = true, value
	}
	list := make([]release.EnvVar, 0, len(found))
	for _, name := range sortedKeys(found) {
		slices.Sort(found[name].UsedBy)
		list = append(list, *found[name])
	}
	return list
}

// eachPart visits every service and every other named thing of the file.
// Extensions (x-…) are visited where an anchor brings them in.
func (r rawFile) eachPart(visit func(user string, part any)) {
	for _, section := range sortedKeys(r) {
		if strings.HasPrefix(section, "x-") {
			continue
		}
		parts, ok := r[section].(map[string]any)
		if !ok {
			visit(section, r[section])
			continue
		}
		for _, name := range sortedKeys(parts) {
			user := section + "." + name
			if section == "services" {
				user = name
			}
			visit(user, parts[name])
		}
	}
}

// variables finds what a part reads: what it interpolates, with the default
// there, and what it passes on by naming it without a value.
func variables(part any) map[string]string {
	vars := map[string]string{}
	tree, ok := part.(map[string]any)
	if !ok {
		tree = map[string]any{"": part}
	}
	for name, v := range template.ExtractVariables(tree, template.DefaultPattern) {
		vars[name] = v.DefaultValue
	}
	passed := passedOn(tree["environment"])
	if build, ok := tree["build"].(map[string]any); ok {
		passed = append(passed, passedOn(build["args"])...)
	}
	for _, name := range passed {
		if _, ok := vars[name]; !ok {
			vars[name] = ""
		}
	}
	return vars
}

// passedOn lists the entries without a value of an environment or args
// section, in either of its two forms.
func passedOn(section any) []string {
	var names []string
	switch s := section.(type) {
	case map[string]any:
		for k, v := range s {
			if v == nil {
				names = append(names, k)
			}
		}
	case []any:
		for _, entry := range s {
			if text, ok := entry.(string); ok && text != "" && !strings.ContainsAny(text, "=$") {
				names = append(names, text)
			}
		}
	}
	return names
}
