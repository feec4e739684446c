// Package stack owns everything that talks to the Docker Engine and everything
// that reads compose files: connection, facts, images, containers, readiness,
// one-off commands, helper containers. It is the only package that imports the
// Compose SDK, compose-go, the Docker CLI and the Engine client, and it gives
// out plain data only.
//
// It does not decide what a release needs (internal/release, internal/install)
// and prints nothing: what it has to say goes to an event.Sink.
package stack
