package plan

import (
	"time"

	"github.com/sentryctl/sentryctl/internal/calver"
)

// Facts is what was found out about a site. Everything may be absent: the plan
// then says what it does not know.
type Facts struct {
	Data    map[string]string          // version that an engine's data was last started with, by engine
	Host    *Host                      // nil: nobody looked
	Volumes map[string]int64           // bytes, by the volume's name in the compose file; -1: not known
	Images  map[calver.Version][]Image // of the releases whose trees are at hand
	Hit     map[string]bool            // whether a known issue hits this site, by the ID
}

// Host is the Engine's machine. FreeBytes -1 and Engine "" stand for what is not
// known.
type Host struct {
	CPUs      int
	RAMMiB    int
	FreeBytes int64  // on the Engine's disk
	Engine    string // version of Docker, "28.1.1"
}

// Image is an image that a release pulls. Bytes 0 means that its size is not
// known.
type Image struct {
	Ref     string
	Present bool
	Bytes   int64
}

// Measured is what an earlier hop came to on this site.
type Measured struct {
	From, To calver.Version
	Rungs    int
	UI       time.Duration // how long the front door did not answer
	OK       bool
	// Rehearsed says that it was measured on a copy of the site.
	Rehearsed bool
}
