package backup

import (
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/release"
)

// Rest is the order in which services rest during the last pass. Writers come
// before the stores that they write to; within each, a service comes before
// what it depends on. They go on in the reverse order.
type Rest struct {
	Writers []string `json:"writers"`
	Stores  []string `json:"stores"`
}

// All is the whole order.
func (r Rest) All() []string { return slices.Concat(r.Writers, r.Stores) }

// PlanRest says who of those present must rest so that nothing writes to the volumes that are
// taken. The ingest door (relay, and whatever has a published port) stays open
// unless it is to close: relay writes to Kafka, which is not captured and goes on.
func PlanRest(m release.Model, present []string, volumes []Volume, closeDoor bool) Rest {
	isStore := map[string]bool{}
	for _, v := range m.Volumes {
		taken := slices.ContainsFunc(volumes, func(c Volume) bool { return c.Name == v.Name && c.Taken() })
		for _, use := range v.MountedBy {
			service, _, _ := strings.Cut(use, ":")
			isStore[service] = isStore[service] || taken
		}
	}
	door := doorOf(m)
	for _, name := range queuesOf(m, volumes) {
		isStore[name] = false // its log is not taken, and where its readers stand is asked of it during the rest
	}
	deps := map[string][]string{}
	for _, s := range m.Services {
		deps[s.Name] = s.DependsOn
	}
	var r Rest
	for _, name := range dependentsFirst(deps, present) {
		switch {
		case door[name] && !closeDoor:
		case isStore[name] && !reaches(deps, name, isStore, map[string]bool{}):
			r.Stores = append(r.Stores, name)
		case isStore[name], door[name], reaches(deps, name, isStore, map[string]bool{}):
			r.Writers = append(r.Writers, name)
		}
	}
	return r
}

// queuesOf names the services whose queue is left out of the backup.
func queuesOf(m release.Model, volumes []Volume) []string {
	var names []string
	for _, v := range m.Volumes {
		if !slices.ContainsFunc(volumes, func(c Volume) bool { return c.Name == v.Name && c.Class == Queue && !c.Taken() }) {
			continue
		}
		for _, use := range v.MountedBy {
			service, _, _ := strings.Cut(use, ":")
			names = append(names, service)
		}
	}
	return names
}

// doorOf names the services by which events come in.
func doorOf(m release.Model) map[string]bool {
	door := map[string]bool{"relay": true}
	for _, p := range m.Ports {
		door[p.Service] = true
	}
	return door
}

// reaches tells whether a service depends, directly or not, on one of a set.
func reaches(deps map[string][]string, from string, set, seen map[string]bool) bool {
	for _, d := range deps[from] {
		if seen[d] {
			continue
		}
		seen[d] = true
		if set[d] || reaches(deps, d, set, seen) {
			return true
		}
	}
	return false
}

// dependentsFirst orders services so that each comes before what it depends
// on. Names decide where nothing else does.
func dependentsFirst(deps map[string][]string, names []string) []string {
	var order []string
	done := map[string]bool{}
	var visit func(string)
	visit = func(name string) {
		if done[name] {
			return
		}
		done[name] = true
		for _, d := range slices.Sorted(slices.Values(deps[name])) {
			visit(d)
		}
		order = append(order, name)
	}
	for _, name := range slices.Sorted(slices.Values(names)) {
		visit(name)
	}
	slices.Reverse(order)
	return slices.DeleteFunc(order, func(name string) bool { return !slices.Contains(names, name) })
}
