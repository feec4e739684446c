// Package e2e holds the end-to-end tests: the built sentryctl on a real Engine
// with the lab's releases. Each test is one scenario with one intent, on a
// site of its own; it waits for what the command says or for a state of the
// machine, and judges by what can be seen from outside.
//
// They need bin/sentryctl (make build) and an Engine, and are left out of
// short runs:
//
//	go test ./lab/e2e -count=1 -timeout 20m
package e2e
