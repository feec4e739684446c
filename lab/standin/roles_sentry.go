package main

import "github.com/sentryctl/sentryctl/lab/standin/proc"

// sentryRoles are the parts that Sentry's own images play.
func sentryRoles() map[string]proc.Run {
	return map[string]proc.Run{}
}
