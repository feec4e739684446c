package backup

import (
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
)

// Class says what a volume is worth.
type Class string

// The classes of volumes.
const (
	Durable Class = "durable"
	Logs    Class = "log"
	Cache   Class = "cache"
	Queue   Class = "queue"
)

// Volume is a volume of the release and what a backup does with it. Reason
// says why it is left out, "" when it is taken.
type Volume struct {
	Name       string `json:"name"`        // in the compose file
	EngineName string `json:"engine_name"` // on the Engine
	External   bool   `json:"external,omitempty"`
	Class      Class  `json:"class"`
	Reason     string `json:"reason,omitempty"`
}

// Taken tells whether the backup holds the volume.
func (v Volume) Taken() bool { return v.Reason == "" }

// volumeRule leaves volumes out by where a service mounts them, which is
// stable over releases, as names are not. What no rule knows is durable.
type volumeRule struct {
	class  Class
	reason string
	match  func(name, service, path string) bool
}

func volumeRules() []volumeRule {
	below := func(dir string) func(string, string, string) bool {
		return func(_, _, path string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }
	}
	return []volumeRule{
		{Logs, "log files, which nothing reads after a restore", below("/var/log")},
		{Logs, "log files, which nothing reads after a restore", func(name, _, _ string) bool { return strings.HasSuffix(name, "-log") }},
		{Queue, "events on their way; the offsets of consumers are recorded, and a restore makes the topics anew", below("/var/lib/kafka")},
		{Queue, "what Kafka's brokers agree on; a restore makes the topics anew", below("/var/lib/zookeeper")},
		{Cache, "a cache, which fills by itself", below("/var/cache")},
		{Cache, "symbols fetched from elsewhere, which are fetched again", func(_, service, path string) bool {
			return strings.HasPrefix(service, "symbolicator") && path == "/data"
		}},
	}
}

// Choice is what the admin says about volumes, by their names in the compose
// file or on the Engine.
type Choice struct {
	Include []string
	Exclude []string
}

// Classify decides about every volume of a release that a service mounts. A
// volume of several uses is left out only if a rule says so for each of them.
// A name that no volume has is a Usage fault.
func Classify(m release.Model, c Choice) ([]Volume, error) {
	var all []Volume
	for _, v := range m.Volumes {
		if len(v.MountedBy) == 0 {
			continue
		}
		class, reason := judge(v)
		all = append(all, Volume{Name: v.Name, EngineName: v.EngineName, External: v.External, Class: class, Reason: reason})
	}
	for _, name := range slices.Concat(c.Include, c.Exclude) {
		if !slices.ContainsFunc(all, func(v Volume) bool { return v.is(name) }) {
			return nil, fault.New(fault.Usage, "Choose from: "+strings.Join(namesOf(all), ", "), "the release has no volume %s", name)
		}
	}
	for i, v := range all {
		if slices.ContainsFunc(c.Include, v.is) {
			all[i].Reason = ""
		}
		if slices.ContainsFunc(c.Exclude, v.is) {
			all[i].Reason = "left out on request"
		}
	}
	return all, nil
}

func (v Volume) is(name string) bool { return v.Name == name || v.EngineName == name }

func namesOf(all []Volume) []string {
	var names []string
	for _, v := range all {
		names = append(names, v.Name)
	}
	return names
}

func judge(v release.Volume) (Class, string) {
	var class Class
	var reason string
	for _, use := range v.MountedBy {
		service, path, _ := strings.Cut(use, ":")
		i := slices.IndexFunc(volumeRules(), func(r volumeRule) bool { return r.match(v.Name, service, path) })
		if i < 0 {
			return Durable, ""
		}
		class, reason = volumeRules()[i].class, volumeRules()[i].reason
	}
	return class, reason
}
