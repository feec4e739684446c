package catalog

import (
	"cmp"
	"slices"

	"github.com/sentryctl/sentryctl/internal/calver"
)

// The profiles of a release; its compose file asks for one of them from 25.4.0
// on.
const (
	FeatureComplete = "feature-complete"
	ErrorsOnly      = "errors-only"
)

// Minimums is what a release needs of its machine. Memory is in MiB as the
// Engine counts it (upstream writes MB for the same), disk in GiB.
type Minimums struct {
	calver.Range      `yaml:",inline"`
	Profile           string `yaml:"profile,omitempty" json:"profile,omitempty"` // "" for every one
	RAMHardMB         int    `yaml:"ram_hard_mb" json:"ram_hard_mb"`
	RAMRecommendedMB  int    `yaml:"ram_recommended_mb" json:"ram_recommended_mb"`
	RAMBetterMB       int    `yaml:"ram_better_mb,omitempty" json:"ram_better_mb,omitempty"`
	SwapRecommendedMB int    `yaml:"swap_recommended_mb,omitempty" json:"swap_recommended_mb,omitempty"`
	CPUHard           int    `yaml:"cpu_hard" json:"cpu_hard"`
	DiskFloorGB       int    `yaml:"disk_floor_gb" json:"disk_floor_gb"`
	EngineMin         string `yaml:"engine_min" json:"engine_min"`
	ComposeMin        string `yaml:"compose_min" json:"compose_min"`
	Source            string `yaml:"source" json:"source"`
}

// Minimums returns what v needs with a profile. "" and a profile that the
// release does not know are judged as feature-complete.
func (c *Catalog) Minimums(v calver.Version, profile string) Minimums {
	if profile != ErrorsOnly {
		profile = FeatureComplete
	}
	m, _ := find(c.doc.Minimums, func(m Minimums) bool {
		return m.Contains(v) && (m.Profile == "" || m.Profile == profile)
	})
	return m
}

// Volumes names the volumes of a range of releases.
type Volumes struct {
	calver.Range `yaml:",inline"`
	External     []string `yaml:"external" json:"external"` // made before the start, kept by "docker compose down -v"
	Project      []string `yaml:"project" json:"project"`   // made by Compose
	Source       string   `yaml:"source" json:"source"`
}

// Volumes returns the volumes of v. For a version that is newer than the
// catalog they are those of the newest release.
func (c *Catalog) Volumes(v calver.Version) Volumes {
	v = c.atMostNewest(v)
	row, _ := find(c.doc.Volumes, func(r Volumes) bool { return r.Contains(v) })
	return row
}

// VolumeNames returns every volume that any release has used, sorted.
func (c *Catalog) VolumeNames() []string {
	var list []string
	for _, r := range c.doc.Volumes {
		list = append(append(list, r.External...), r.Project...)
	}
	slices.SortFunc(list, cmp.Compare[string])
	return slices.Compact(list)
}
