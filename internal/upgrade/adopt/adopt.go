// Package adopt owns what has to be decided before an existing checkout of
// getsentry/self-hosted becomes a site: which version it is, out of what
// several witnesses say, and how it differs from the pristine release. It
// writes nothing.
package adopt

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// Kind says what a witness speaks of.
type Kind string

// The kinds of witnesses.
const (
	Tree     Kind = "tree"     // the files of the release
	Images   Kind = "images"   // what the next start would run
	Running  Kind = "running"  // what the containers were made from
	Database Kind = "database" // what has written to the database
)

// Witness is one place that says which version a checkout is. Says is a
// version, or what stands in its place: "nightly", a digest.
type Witness struct {
	Kind  Kind   `json:"kind"`
	Place string `json:"place"`
	Says  string `json:"says"`
}

func (w Witness) String() string { return w.Place + " says " + w.Says }

// Decision is the version of a checkout. Moving is the tag of its images when
// that is no release. Against are the witnesses that say otherwise.
type Decision struct {
	Version calver.Version
	Moving  string
	Against []Witness
}

const doc = "docs/adopt.md"

// Decide weighs the witnesses. Want is the admin's word and ends every
// disagreement; without it a disagreement is an Integrity fault that names all
// sides, and silence a Usage fault.
func Decide(witnesses []Witness, want calver.Version) (Decision, error) {
	d := Decision{Version: want}
	for _, w := range witnesses {
		if v, err := calver.Parse(w.Says); err != nil {
			if w.Kind != Tree && d.Moving == "" {
				d.Moving = w.Says
			}
		} else if d.Version.IsZero() && w.Kind == Tree {
			d.Version = v
		}
	}
	if d.Version.IsZero() {
		return d, silent(d)
	}
	for _, w := range witnesses {
		if v, err := calver.Parse(w.Says); err == nil && v != d.Version {
			d.Against = append(d.Against, w)
		}
	}
	if len(d.Against) > 0 && want.IsZero() {
		return d, contradiction(witnesses)
	}
	return d, nil
}

func silent(d Decision) error {
	hint := "Name it: sentryctl adopt --version VERSION"
	if d.Moving != "" {
		hint = fmt.Sprintf("Name the last release before these images (%s) were built: sentryctl adopt --version VERSION", d.Moving)
	}
	return fault.New(fault.Usage, hint, "no file of the tree says which release it is").WithDoc(doc)
}

func contradiction(witnesses []Witness) error {
	var sides []string
	for _, w := range witnesses {
		if _, err := calver.Parse(w.Says); err == nil {
			sides = append(sides, w.String())
		}
	}
	return fault.New(fault.Integrity, "Finish or undo what was begun, or say which one holds: sentryctl adopt --version VERSION",
		"the witnesses disagree: %s", strings.Join(sides, ", ")).WithDoc(doc)
}

// SentryImage is the variable whose image tells which release the next start runs.
const SentryImage = "SENTRY_IMAGE"

// ImageVariables are those of upstream's .env that name images, of all releases.
func ImageVariables() []string {
	return []string{SentryImage, "SNUBA_IMAGE", "RELAY_IMAGE", "SYMBOLICATOR_IMAGE", "VROOM_IMAGE", "TASKBROKER_IMAGE", "UPTIME_CHECKER_IMAGE", "LAUNCHPAD_IMAGE"}
}

// Tag returns the tag of an image reference, or its digest where it has no tag.
// Docker takes an image with neither for "latest". A bare ID says nothing, and
// gives "": its name may have been any.
func Tag(ref string) string {
	if ref == "" || bareID().MatchString(ref) {
		return ""
	}
	name, digest, pinned := strings.Cut(ref, "@")
	if i := strings.LastIndex(name, ":"); i > strings.LastIndex(name, "/") {
		return name[i+1:]
	}
	if !pinned {
		return "latest"
	}
	return digest
}

// bareID matches an image's ID, whole or as docker lists it.
func bareID() *regexp.Regexp { return regexp.MustCompile(`^(sha256:.*|[0-9a-f]{12}|[0-9a-f]{64})$`) }

// GitTag returns the release tag that the checkout's HEAD is at, or "". Files
// reads a file below .git.
func GitTag(files func(path string) string, tags []string) string {
	head := strings.TrimSpace(files("HEAD"))
	if ref, is := strings.CutPrefix(head, "ref: "); is {
		head = strings.TrimSpace(files(ref))
		if head == "" {
			head = packed(files("packed-refs"))[ref]
		}
	}
	if head == "" {
		return ""
	}
	refs := packed(files("packed-refs"))
	at := slices.IndexFunc(tags, func(tag string) bool {
		ref := "refs/tags/" + tag
		return strings.TrimSpace(files(ref)) == head || refs[ref] == head
	})
	if at < 0 {
		return ""
	}
	return tags[at]
}

// packed reads the file packed-refs; an annotated tag stands for its commit.
func packed(text string) map[string]string {
	refs, last := map[string]string{}, ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if commit, is := strings.CutPrefix(line, "^"); is && last != "" {
			refs[last] = commit
			continue
		}
		if hash, ref, ok := strings.Cut(line, " "); ok && !strings.HasPrefix(line, "#") {
			refs[ref], last = hash, ref
		}
	}
	return refs
}
