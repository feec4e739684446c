package workload

import "io"

// Talk is work of a helper that is spoken with while it runs: it hears In and
// answers in lines. When In ends, or this process does, it hears the end.
type Talk struct {
	Helper
	HostMounts []HostMount
	In         io.Reader
	Line       func([]byte) // each line of its stdout; may not keep the bytes
}

// HostMount is a directory or a file of the Engine's machine in a helper
// container.
type HostMount struct {
	Host     string
	Path     string
	ReadOnly bool
}
