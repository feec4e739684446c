package workload

import "io"

// Talk is work of a helper that is spoken with while it runs: it hears In and
// answers in lines. When In ends, or this process does, it hears the end.
type Talk struct {
	Helper
	HostMounts []HostMount
	Scratch    string // a directory on the Engine's disk for as long as it runs; "" for none
	Weight     Weight
	In         io.Reader
	Line       func([]byte) // each line of its stdout; may not keep the bytes
}

// Weight is how much a container gets of the CPUs and the disks when others
// want them too. The zero value leaves it to the Engine.
type Weight struct {
	CPU  int64  // shares; others have 1024
	Disk uint16 // 10 to 1000; others have 500
}

// HostMount is a directory or a file of the Engine's machine in a helper
// container.
type HostMount struct {
	Host     string
	Path     string
	ReadOnly bool
}
