package stack

import (
	"context"
	"slices"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/sentryctl/sentryctl/internal/workload"
)

// door are the services through which events come in, in the order in which they
// are replaced.
func door() []string { return []string{"relay", proxy} }

// doorLast divides the services of a start into parts that follow each other: where
// a front door is open and has to be replaced along with others, those come first
// and it is replaced when they are ready, relay, then nginx. Until then events
// come in as before. In every other case there is one part.
func (s *Stack) doorLast(ctx context.Context, p *types.Project) ([][]string, error) {
	all := [][]string{p.ServiceNames()}
	found, err := s.observe(ctx, func(name string) bool { return slices.Contains(door(), name) })
	if err != nil {
		return nil, err
	}
	open := func(name string) bool {
		_, asked := p.Services[name]
		return asked && slices.ContainsFunc(found[name], box.running)
	}
	if !open(proxy) {
		return all, nil
	}
	touched, err := s.Touched(ctx, nil)
	if err != nil {
		return nil, err
	}
	replaced, others := false, false
	for _, t := range touched {
		switch _, asked := p.Services[t.Service]; {
		case open(t.Service):
			replaced = replaced || t.How == workload.Recreate
		case asked:
			others = true
		}
	}
	if !replaced || !others {
		return all, nil
	}
	first := slices.DeleteFunc(slices.Clone(all[0]), func(name string) bool { return slices.Contains(door(), name) && open(name) })
	for _, name := range first {
		if slices.ContainsFunc(p.Services[name].GetDependencies(), open) {
			return all, nil // it cannot be started before its door
		}
	}
	parts := [][]string{first}
	for _, name := range door() {
		if open(name) {
			parts = append(parts, []string{name})
		}
	}
	return parts, nil
}
