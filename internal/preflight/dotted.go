package preflight

import (
	"slices"
	"strconv"
	"strings"
)

// dotted is a version of something else than Sentry: "20.10.24+dfsg1",
// "1.41". Only its leading numbers count; Engine versions are not semantic
// versions ("19.03.6" has a leading zero).
type dotted []int

func parseDotted(s string) dotted {
	var d dotted
	for _, part := range strings.Split(strings.TrimPrefix(s, "v"), ".") {
		end := strings.IndexFunc(part, func(r rune) bool { return r < '0' || r > '9' })
		digits := part
		if end >= 0 {
			digits = part[:end]
		}
		n, err := strconv.Atoi(digits)
		if err != nil {
			break
		}
		d = append(d, n)
		if end >= 0 {
			break
		}
	}
	return d
}

// less tells whether d is older than e. Missing parts count as zero.
func (d dotted) less(e dotted) bool {
	pad := func(v dotted) dotted { return append(slices.Clone(v), make(dotted, max(len(d), len(e))-len(v))...) }
	return slices.Compare(pad(d), pad(e)) < 0
}
