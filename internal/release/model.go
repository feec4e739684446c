package release

import "slices"

// Model is what a release's compose file and its surroundings say, as plain
// data: no type of the Compose SDK, no method that reads anything. Every list
// is sorted, so that two models of the same tree are the same bytes of JSON.
type Model struct {
	Version  string    `json:"version"`
	Project  string    `json:"project"`
	Profiles []string  `json:"profiles"` // every profile that some service names
	Services []Service `json:"services"`
	Volumes  []Volume  `json:"volumes"`
	Images   []Image   `json:"images"`
	Ports    []Port    `json:"ports"`
	Env      []EnvVar  `json:"env"`
	Examples []string  `json:"examples"` // configuration examples, relative to the tree
	Builds   []Build   `json:"builds"`
}

// Service is one service of the compose file. Without profiles it is part of
// every profile.
type Service struct {
	Name        string   `json:"name"`
	Image       string   `json:"image"`
	Profiles    []string `json:"profiles,omitempty"`
	Build       bool     `json:"build,omitempty"`
	HealthCheck bool     `json:"health_check,omitempty"`
	DependsOn   []string `json:"depends_on,omitempty"`
	Nofile      int64    `json:"nofile,omitempty"` // hard limit asked for, 0 for none
	PullPolicy  string   `json:"pull_policy,omitempty"`
	Command     []string `json:"-"`
}

// Volume is one named volume. Name is its key in the compose file, EngineName
// the name that the Engine knows.
type Volume struct {
	Name       string   `json:"name"`
	EngineName string   `json:"engine_name"`
	External   bool     `json:"external"`
	MountedBy  []string `json:"mounted_by,omitempty"` // "service:path"
}

// Image is one image reference. Local says that it is built from the tree and
// never pulled.
type Image struct {
	Ref      string   `json:"ref"`
	Local    bool     `json:"local"`
	Services []string `json:"services"`
}

// Port is one published port. Published may be a range, HostIP empty.
type Port struct {
	Service   string `json:"service"`
	HostIP    string `json:"host_ip,omitempty"`
	Published string `json:"published"`
	Target    uint32 `json:"target"`
	Protocol  string `json:"protocol"`
}

// EnvVar is a variable of the release: one that .env sets, one that the
// compose file interpolates, or both.
type EnvVar struct {
	Name    string   `json:"name"`
	Default string   `json:"default,omitempty"`
	Set     bool     `json:"set"`               // it stands in .env
	UsedBy  []string `json:"used_by,omitempty"` // where the compose file interpolates it
}

// Build is one image that is built from the tree. Present tells whether its
// context exists there: upstream's data files alone come without.
type Build struct {
	Service    string            `json:"service"`
	Context    string            `json:"context"`
	Dockerfile string            `json:"dockerfile,omitempty"`
	Image      string            `json:"image,omitempty"`
	Args       map[string]string `json:"args,omitempty"`
	Present    bool              `json:"present"`
}

// ServicesIn returns the names of the services that run with a profile. A
// release without profiles runs all of them.
func (m Model) ServicesIn(profile string) []string {
	var list []string
	for _, s := range m.Services {
		if len(s.Profiles) == 0 || slices.Contains(s.Profiles, profile) {
			list = append(list, s.Name)
		}
	}
	return list
}
