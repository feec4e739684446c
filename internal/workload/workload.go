// Package workload owns the plain data that says what to run on an Engine and
// what came of it. Workflows speak it, internal/stack carries it out; it runs
// nothing itself.
package workload

import "errors"

// OneOff is a command in a container of its own, made after a service of the
// project: same image, volumes, environment and network, no ports.
type OneOff struct {
	Service    string
	Entrypoint []string // nil: the service's own
	Command    []string
	Env        map[string]string
	Stdin      []byte
	User       string
	NoDeps     bool   // do not start what the service depends on
	Name       string // stable, so that a run after a crash finds what was left
	Quiet      bool   // stdout carries a secret or bulk data: keep it out of events
}

// Exec is a command in the running container of a service.
type Exec struct {
	Command []string
	Stdin   []byte
	User    string
	Env     []string
	Quiet   bool
}

// Result is what a command came to. A non-zero ExitCode is not an error.
type Result struct {
	Stdout   []byte
	Stderr   []byte
	ExitCode int
}

// Helper is work done by this same binary in a container made from nothing.
type Helper struct {
	Args    []string // what follows "sentryctl helper" on the command line
	Env     []string
	Stdin   []byte
	Mounts  []Mount
	Network string // "" means none
	Nofile  int64  // 0 means the daemon's default
	Name    string
}

// ErrElsewhere tells that the Engine does not keep a volume's data itself.
var ErrElsewhere = errors.New("its data is not kept in a directory of the Engine")

// Mount is a volume in a helper container.
type Mount struct {
	Volume   string
	Path     string
	ReadOnly bool
}

// Status is the state of one service's container as Docker tells it. State is
// "absent" when there is no container.
type Status struct {
	Service   string `json:"service"`
	Container string `json:"container"`
	State     string `json:"state"`
	Health    string `json:"health"`
	Restarts  int    `json:"restarts"`
	ExitCode  int    `json:"exit_code"`
	Completed bool   `json:"completed,omitempty"` // it has done its work and the Engine does not start it again
}
