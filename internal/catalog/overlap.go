package catalog

import "github.com/sentryctl/sentryctl/internal/calver"

// apart wants the rows of one key to follow each other in the order of
// versions without overlap: two answers to one question would be none.
func apart[T any](c *checker, section string, rows []T, of func(T) (key string, r calver.Range)) {
	last := map[string]calver.Range{}
	for _, row := range rows {
		key, r := of(row)
		before, seen := last[key]
		if seen && (before.Until.IsZero() || !before.Until.Less(r.Since)) {
			c.bad(section, "the range %s overlaps or precedes %s", r, before)
		}
		last[key] = r
	}
}
