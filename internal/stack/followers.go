package stack

import (
	"slices"

	"github.com/compose-spec/compose-go/v2/types"
)

// follows lists the services after whose start this one has to be started
// anew: those that it depends on with "restart: true". nginx looks its
// upstreams up once, when it starts, and a restarted container may come back
// with another address; releases before 25.9.0 do not say so.
func follows(s types.ServiceConfig) []string {
	var out []string
	for _, name := range sortedKeys(s.DependsOn) {
		if s.DependsOn[name].Restart || s.Name == "nginx" {
			out = append(out, name)
		}
	}
	return out
}

// outdated tells whether a running container of the service was started
// before a service that it follows.
func outdated(s types.ServiceConfig, found map[string][]box) bool {
	for _, name := range follows(s) {
		for _, leader := range found[name] {
			late := func(b box) bool { return b.running() && leader.running() && b.started.Before(leader.started) }
			if slices.ContainsFunc(found[s.Name], late) {
				return true
			}
		}
	}
	return false
}

// overtaken tells the same of one container in the middle of a launch, when
// what the service needs is up.
func (l *launch) overtaken(n *node, b box) bool {
	for _, name := range follows(n.service) {
		leader := l.nodes[name]
		if leader == nil {
			continue
		}
		if len(leader.started) > 0 || slices.ContainsFunc(leader.boxes, func(x box) bool { return x.running() && b.started.Before(x.started) }) {
			return true
		}
	}
	return false
}
