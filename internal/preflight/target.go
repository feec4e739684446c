package preflight

import "github.com/sentryctl/sentryctl/internal/calver"

// Target is what the machine is judged for.
type Target struct {
	Version  calver.Version `json:"version,omitzero"`
	Profile  string         `json:"profile"`
	Minimums Minimums       `json:"minimums"`
	Project  string         `json:"project"`           // Compose project
	Volumes  []string       `json:"volumes,omitempty"` // names on the Engine that the stack will use
	Data     int64          `json:"data,omitempty"`    // bytes that a restore writes into them
	Nofile   []NofileAsk    `json:"nofile,omitempty"`
	Bind     string         `json:"bind"` // PORT or IP:PORT
	URL      string         `json:"url"`
	SiteDir  string         `json:"site_dir"`
}

// Minimums are the catalog's rows for one version and profile. Memory is in
// MiB and disk in GiB. Zero means that nothing is asked.
type Minimums struct {
	Engine             string `json:"engine"` // version, such as 19.03.6
	CPUs               int    `json:"cpus"`
	RAMMiB             int    `json:"ram_mib"`
	RAMRecommendedMiB  int    `json:"ram_recommended_mib"`
	RAMBetterMiB       int    `json:"ram_better_mib"` // from here on no swap is asked for
	SwapRecommendedMiB int    `json:"swap_recommended_mib"`
	DiskGiB            int    `json:"disk_gib"`
}

// NofileAsk is a service's hard limit of open files.
type NofileAsk struct {
	Service string `json:"service"`
	Hard    int64  `json:"hard"`
}

// LargestNofile returns the largest limit asked for; zero when none is.
func (t Target) LargestNofile() (largest NofileAsk) {
	for _, n := range t.Nofile {
		if n.Hard > largest.Hard {
			largest = n
		}
	}
	return largest
}
