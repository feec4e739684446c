// Package calver owns Sentry's version numbers: calendar versions (YY.M.patch)
// with the two older lines 9.x and 10.x before them. They order like semantic
// versions, so Masterminds/semver does the work.
package calver

import (
	"cmp"
	"encoding"
	"fmt"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Version is a release of self-hosted Sentry. The zero Version is no version.
type Version struct {
	major, minor, patch uint64
}

// Parse reads "25.10.0" (a leading "v" is tolerated). Moving tags such as
// "nightly" or "latest" and pre-releases are not versions and give an error.
func Parse(s string) (Version, error) {
	v, err := semver.StrictNewVersion(strings.TrimPrefix(strings.TrimSpace(s), "v"))
	if err != nil {
		return Version{}, fmt.Errorf("%q is not a Sentry version such as 25.10.0", s)
	}
	if v.Prerelease() != "" || v.Metadata() != "" {
		return Version{}, fmt.Errorf("%q is not a released Sentry version", s)
	}
	return Version{v.Major(), v.Minor(), v.Patch()}, nil
}

// MustParse is Parse for constants; it panics on a bad literal.
func MustParse(s string) Version {
	v, err := Parse(s)
	if err != nil {
		panic(err) // a literal in our own source is wrong
	}
	return v
}

// IsZero tells whether v is no version.
func (v Version) IsZero() bool { return v == Version{} }

// String returns "25.10.0", or "" for the zero Version.
func (v Version) String() string {
	if v.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d.%d.%d", v.major, v.minor, v.patch)
}

// Compare returns -1, 0 or 1 as v is older than, equal to or newer than w.
func (v Version) Compare(w Version) int {
	return cmp.Or(cmp.Compare(v.major, w.major), cmp.Compare(v.minor, w.minor), cmp.Compare(v.patch, w.patch))
}

// Less tells whether v is older than w.
func (v Version) Less(w Version) bool { return v.Compare(w) < 0 }

// SameMajor tells whether v and w are of the same year: 25.5.1 and 25.10.0.
func (v Version) SameMajor(w Version) bool { return v.major == w.major }

// SameMinor tells whether v and w are patches of one release: 25.5.0 and 25.5.1.
func (v Version) SameMinor(w Version) bool { return v.SameMajor(w) && v.minor == w.minor }

// MarshalText writes v as String does.
func (v Version) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads what MarshalText wrote; "" gives the zero Version.
func (v *Version) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*v = Version{}
		return nil
	}
	*v, err = Parse(string(b))
	return err
}

var (
	_ encoding.TextMarshaler   = Version{}
	_ encoding.TextUnmarshaler = (*Version)(nil)
)

// Range is a closed range of versions. A zero end is open.
type Range struct {
	Since Version `yaml:"since,omitempty" json:"since,omitzero"`
	Until Version `yaml:"until,omitempty" json:"until,omitzero"`
}

// Contains tells whether v lies in r, both ends included.
func (r Range) Contains(v Version) bool {
	return (r.Since.IsZero() || !v.Less(r.Since)) && (r.Until.IsZero() || !r.Until.Less(v))
}

// String returns "23.6.2 to 24.7.1", "25.9.0 and newer" and the like.
func (r Range) String() string {
	switch {
	case r.Since.IsZero() && r.Until.IsZero():
		return "every version"
	case r.Until.IsZero():
		return r.Since.String() + " and newer"
	case r.Since.IsZero():
		return r.Until.String() + " and older"
	default:
		return r.Since.String() + " to " + r.Until.String()
	}
}

// Nearest returns up to n of the known versions that a person who wrote s may
// have meant: those with the fewest edited characters first, newer before
// older among equals.
func Nearest(s string, known []Version, n int) []Version {
	ranked := slices.Clone(known)
	slices.SortStableFunc(ranked, func(a, b Version) int {
		return cmp.Or(
			cmp.Compare(distance(s, a.String()), distance(s, b.String())),
			b.Compare(a),
		)
	})
	return ranked[:min(n, len(ranked))]
}
