package main

import (
	"github.com/sentryctl/sentryctl/lab/standin/proc"
	"github.com/sentryctl/sentryctl/lab/standin/relay"
	"github.com/sentryctl/sentryctl/lab/standin/sentry"
	"github.com/sentryctl/sentryctl/lab/standin/support"
)

// sentryRoles are the parts that Sentry's own images play.
func sentryRoles() map[string]proc.Run {
	return map[string]proc.Run{
		"cron":           support.Stay,
		"geoipupdate":    support.GeoIPUpdate,
		"launchpad":      support.Launchpad,
		"relay":          relay.Run,
		"sentry":         sentry.Run,
		"smtp":           support.SMTP,
		"symbolicator":   support.Symbolicator,
		"taskbroker":     support.Taskbroker,
		"uptime-checker": support.Stay,
		"vroom":          support.Vroom,
	}
}
