package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/catalog"
)

// Needs is the most that any release of the path asks of its machine, and
// what this one lacks. Memory is in MiB; disk is in GiB and has to be free.
type Needs struct {
	At        calver.Version `json:"at"` // the release that asks for the most memory
	CPUs      int            `json:"cpus"`
	RAMMiB    int            `json:"ram_mib"`
	DiskGiB   int            `json:"disk_gib"`
	Engine    string         `json:"engine"`
	Looked    bool           `json:"looked"` // the machine was looked at
	Shortages []string       `json:"shortages"`
}

func needs(c *catalog.Catalog, r Request, p Plan) Needs {
	n := Needs{Shortages: []string{}}
	for _, h := range p.Hops {
		m := c.Minimums(h.To, r.Profile)
		if m.RAMHardMB >= n.RAMMiB {
			n.At = h.To
		}
		n.CPUs, n.RAMMiB, n.DiskGiB = max(n.CPUs, m.CPUHard), max(n.RAMMiB, m.RAMHardMB), max(n.DiskGiB, m.DiskFloorGB)
		if n.Engine == "" || older(n.Engine, m.EngineMin) {
			n.Engine = m.EngineMin
		}
	}
	host := r.Facts.Host
	if host == nil {
		return n
	}
	n.Looked = true
	n.Shortages = some(n.lacks(*host))
	return n
}

// lacks says what a machine has too little of. What it does not tell is no shortage.
func (n Needs) lacks(h Host) []string {
	var list []string
	if h.CPUs < n.CPUs {
		list = append(list, fmt.Sprintf("%d CPUs of %d", h.CPUs, n.CPUs))
	}
	if h.RAMMiB < n.RAMMiB {
		list = append(list, fmt.Sprintf("%d MiB of memory of %d", h.RAMMiB, n.RAMMiB))
	}
	if h.FreeBytes >= 0 && h.FreeBytes < int64(n.DiskGiB)<<30 {
		list = append(list, fmt.Sprintf("%d GiB of free disk of %d", h.FreeBytes>>30, n.DiskGiB))
	}
	if dockers(h.Engine) && older(h.Engine, n.Engine) {
		list = append(list, fmt.Sprintf("Docker Engine %s of %s", h.Engine, n.Engine))
	}
	return list
}

// dockers tells whether a version is one that Docker counted: up to 1.13, and from
// 17.03 on. Podman's own lie in between.
func dockers(version string) bool {
	n := numbers(version)
	return len(n) > 1 && (n[0] < 2 || n[0] > 16)
}

// older compares versions of the Engine, which are not semantic: "20.10.24+dfsg1".
func older(a, b string) bool { return slices.Compare(numbers(a), numbers(b)) < 0 }

// numbers are those at the head of a version.
func numbers(version string) []int {
	var list []int
	for _, part := range strings.Split(strings.TrimPrefix(version, "v"), ".") {
		digits := part
		if i := strings.IndexFunc(part, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
			digits = part[:i]
		}
		n, err := strconv.Atoi(digits)
		if err != nil {
			break
		}
		if list = append(list, n); digits != part {
			break
		}
	}
	return list
}
