package plan

import (
	"fmt"
	"strings"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// Named is an image that a variable of the site names. File is where it is set, ""
// for the environment of the program. Tag is what the image says of its release.
type Named struct {
	Variable, File, Ref, Tag string
}

func (n Named) String() string {
	where := n.File
	if where == "" {
		where = "the environment"
	}
	return fmt.Sprintf("%s in %s (%s)", n.Variable, where, n.Ref)
}

// Moves tells tags that another image gets when upstream builds one. A tag of the
// admin's own stays what it is.
func Moves(tag string) bool {
	switch tag {
	case "nightly", "latest", "master", "main", "edge", "stable":
		return true
	}
	return strings.HasPrefix(tag, "nightly-")
}

// refuseMoving refuses a site at a release that is set to run images which move:
// what they have done to its database, no release knows.
func refuseMoving(list []Named, at string) error {
	var texts []string
	for _, n := range list {
		if Moves(n.Tag) {
			texts = append(texts, n.String())
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return fault.New(fault.UpgradeBlocked,
		fmt.Sprintf("Name the images of %s there, start them with sentryctl config apply, and run the same command again", at),
		"the site is at %s and is set to run images that are no release: %s: no path is known to be safe for its database", at, strings.Join(texts, ", ")).WithDoc(doc)
}
