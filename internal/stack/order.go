package stack

import (
	"fmt"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// dependency is one thing that a service waits for before its start.
type dependency struct {
	service   string
	condition string
}

// dependencies gives what each service of p waits for, as far as it is part
// of p.
func dependencies(p *types.Project) map[string][]dependency {
	deps := map[string][]dependency{}
	for name, s := range p.Services {
		deps[name] = nil
		for _, dep := range sortedKeys(s.DependsOn) {
			if _, ok := p.Services[dep]; ok {
				deps[name] = append(deps[name], dependency{service: dep, condition: s.DependsOn[dep].Condition})
			}
		}
	}
	return deps
}

// dependants counts, for each service, those that cannot start before it,
// directly or through others. A circle is an error.
func dependants(deps map[string][]dependency) (map[string]int, error) {
	waiting := map[string]map[string]bool{}
	for name := range deps {
		waiting[name] = map[string]bool{}
	}
	for _, name := range sortedKeys(deps) {
		if err := above(deps, name, []string{name}, func(dep string) bool {
			fresh := !waiting[dep][name]
			waiting[dep][name] = true
			return fresh
		}); err != nil {
			return nil, err
		}
	}
	counts := map[string]int{}
	for name, set := range waiting {
		counts[name] = len(set)
	}
	return counts, nil
}

// above visits what the last service of path depends on, as long as visit
// finds something new.
func above(deps map[string][]dependency, root string, path []string, visit func(dep string) bool) error {
	for _, d := range deps[path[len(path)-1]] {
		if d.service == root {
			return fmt.Errorf("services depend on each other in a circle: %s", strings.Join(append(slices.Clone(path), root), " → "))
		}
		if !visit(d.service) {
			continue
		}
		if err := above(deps, root, append(slices.Clone(path), d.service), visit); err != nil {
			return err
		}
	}
	return nil
}
