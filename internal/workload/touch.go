package workload

import "time"

// How says what a start does with a service.
type How string

// The ways in which a start touches a service.
const (
	Create   How = "create"   // it has no container
	Recreate How = "recreate" // its container was made from another configuration or image
	Restart  How = "restart"  // a file that it mounts has changed
	StartIt  How = "start"    // it is stopped
)

// Touch is a service that a start does something with.
type Touch struct {
	Service string `json:"service"`
	How     How    `json:"how"`
}

// Instance is one container of a service.
type Instance struct {
	Service string
	ID      string
	Started time.Time
	Running bool
}
