package plan

import (
	"fmt"
	"strings"

	"github.com/sentryctl/sentryctl/internal/catalog"
)

// String returns the plan in its shortest form, one fact a line.
func (p Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s -> %s: %d hops\n", p.From, p.To, len(p.Hops))
	for _, h := range p.Hops {
		fmt.Fprintf(&b, "%s -> %s %s%s\n", h.From, h.To, h.Cause, map[bool]string{true: ", by hand"}[h.ByHand])
		for _, r := range h.Rungs {
			fmt.Fprintf(&b, "  rung %s %s -> %s\n", r.Engine, catalog.Series(r.Engine, r.From), catalog.Series(r.Engine, r.To))
		}
		list(&b, "config", texts(h.Config, func(d catalog.Demand) string { return d.ID }))
		list(&b, "issues", texts(h.Issues, func(i Issue) string { return i.ID + map[string]string{"yes": "!"}[i.Hit] }))
		list(&b, "volumes +", h.Volumes.Added)
		list(&b, "volumes -", h.Volumes.Removed)
		list(&b, "services +", h.Services.Added)
		list(&b, "services -", h.Services.Removed)
		for _, n := range h.Notes {
			fmt.Fprintf(&b, "  note %s\n", n)
		}
	}
	for _, n := range p.Notes {
		fmt.Fprintf(&b, "note %s\n", n)
	}
	return b.String()
}

func list(b *strings.Builder, what string, items []string) {
	if len(items) > 0 {
		fmt.Fprintf(b, "  %s %s\n", what, strings.Join(items, " "))
	}
}

func texts[T any](items []T, text func(T) string) []string {
	list := make([]string, len(items))
	for i, item := range items {
		list[i] = text(item)
	}
	return list
}
