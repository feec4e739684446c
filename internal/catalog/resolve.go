package catalog

import (
	"fmt"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// Installable is the range of releases whose installation sentryctl's steps
// cover. It belongs to the program, not to the data.
func Installable() calver.Range {
	return calver.Range{Since: calver.MustParse("23.6.2"), Until: calver.MustParse("26.8.0")}
}

// ResolveOptions says what Resolve may return. A zero Min or Max is the end of
// Installable.
type ResolveOptions struct {
	AcceptAvoided bool
	AcceptFuture  bool // a version newer than the catalog, as its source was named
	Min, Max      calver.Version
}

func (o ResolveOptions) allowed() calver.Range {
	r := Installable()
	if !o.Min.IsZero() {
		r.Since = o.Min
	}
	if !o.Max.IsZero() {
		r.Until = o.Max
	}
	return r
}

// Resolve returns the version that a person means. "" and "latest" are the
// newest that is allowed and not to be avoided. An unknown version and one out
// of range are Usage, one to avoid is UpgradeBlocked.
func (c *Catalog) Resolve(want string, o ResolveOptions) (calver.Version, error) {
	if want == "" || want == "latest" {
		return c.latest(o.allowed())
	}
	v, err := calver.Parse(want)
	if err != nil {
		return calver.Version{}, c.unknown(want, err)
	}
	if c.Future(v) && o.AcceptFuture {
		return v, nil
	}
	if !c.Known(v) {
		return calver.Version{}, c.unknown(want, fmt.Errorf("version %s was never released", v))
	}
	if r := o.allowed(); !r.Contains(v) {
		return calver.Version{}, fault.New(fault.Usage, "Choose a version from: sentryctl release list",
			"version %s is out of range: sentryctl installs %s", v, r)
	}
	if a, bad := c.Avoid(v); bad && !o.AcceptAvoided {
		return calver.Version{}, fault.New(fault.UpgradeBlocked,
			fmt.Sprintf("Use --version %s instead, or take the risk with --accept-avoided", a.Instead),
			"version %s should not be installed: %s", v, a.Why).WithDoc(a.Source)
	}
	return v, nil
}

func (c *Catalog) latest(allowed calver.Range) (calver.Version, error) {
	for i := len(c.doc.Versions) - 1; i >= 0; i-- {
		v := c.doc.Versions[i].Version
		if _, bad := c.Avoid(v); !bad && allowed.Contains(v) {
			return v, nil
		}
	}
	return calver.Version{}, fault.New(fault.Usage, "Choose a version from: sentryctl release list --all", "no release in the range %s", allowed)
}

func (c *Catalog) unknown(want string, cause error) error {
	near := calver.Nearest(want, c.Versions(), 3)
	if v, err := calver.Parse(want); err == nil && c.Future(v) {
		near = []calver.Version{c.Newest()}
	}
	return fault.New(fault.Usage, fmt.Sprintf("Use one of %s, or see: sentryctl release list --all", names(near)), "%w", cause)
}
