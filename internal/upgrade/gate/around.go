package gate

import (
	"fmt"
	"strings"
)

// Unreachable is an image that the Engine lacks and cannot get.
type Unreachable struct {
	Image, Registry, Why string
}

// Check is something that is not as it should be. Blocks says that it would
// stop the upgrade.
type Check struct {
	Text, Hint string
	Blocks     bool
}

// registry blocks on the first image that would be missing half way.
func registry(f Facts) (State, string, string) {
	if len(f.Unreachable) == 0 {
		return OK, "", ""
	}
	var said, images []string
	for _, u := range f.Unreachable {
		said = append(said, fmt.Sprintf("%s from %s: %s", u.Image, u.Registry, u.Why))
		images = append(images, u.Image)
	}
	return Block, few(said), "Mend the way to the registry (network, proxy, docker login), or bring the images from a host that has them: docker save -o images.tar " + strings.Join(images, " ")
}

func preflight(f Facts) (State, string, string) {
	if f.PreflightWhy != "" {
		return Warn, "not asked: " + f.PreflightWhy, ""
	}
	return worst(f.Preflight)
}

func certificates(f Facts) (State, string, string) { return worst(f.Certificates) }

// worst says all of a list, and blocks when one of it does. The hint is that of
// the first of those that matter most.
func worst(list []Check) (state State, said, hint string) {
	state = OK
	var texts []string
	for _, c := range list {
		texts = append(texts, c.Text)
		switch {
		case c.Blocks && state != Block:
			state, hint = Block, c.Hint
		case state == OK:
			state, hint = Warn, c.Hint
		}
	}
	return state, few(texts), hint
}
