package preflight_test

import (
	"testing"

	"github.com/sentryctl/sentryctl/internal/preflight"
)

func TestLeftovers(t *testing.T) {
	const ok, bad, unknown, skipped = preflight.OK, preflight.Bad, preflight.Unknown, preflight.Skipped
	const block, warn, info = preflight.Block, preflight.Warn, preflight.Info
	volumes := func(vs ...preflight.Volume) func(*preflight.Facts) {
		return func(f *preflight.Facts) { f.Inventory = preflight.Know(preflight.Inventory{Volumes: vs}) }
	}
	containers := func(cs ...preflight.Container) func(*preflight.Facts) {
		return func(f *preflight.Facts) { f.Inventory = preflight.Know(preflight.Inventory{Containers: cs}) }
	}
	installed := func(change func(*preflight.Facts)) func(*preflight.Facts) {
		return func(f *preflight.Facts) { change(f); f.Site.Value.Installed = true }
	}
	lab := func(tg *preflight.Target) {
		tg.Project, tg.Volumes, tg.SiteDir = "lab", []string{"lab-data"}, "/srv/lab"
	}
	other := preflight.Container{Name: "sentry-self-hosted-web-1", Project: "sentry-self-hosted", Dir: "/root/self-hosted", State: "running"}
	own := preflight.Container{Name: "sentry-self-hosted-web-1", Project: "sentry-self-hosted", Dir: "/opt/sentry", State: "running"}
	run(t, []verdictCase{
		{name: "none", check: "leftover-volumes", state: ok, severity: block, got: "none", facts: volumes(preflight.Volume{Name: "wordpress_db", Project: "wordpress"})},
		{name: "of the same name", check: "leftover-volumes", state: bad, severity: block, got: "sentry-postgres, sentry-self-hosted_sentry-vroom",
			hint: "docker volume rm sentry-postgres sentry-self-hosted_sentry-vroom",
			facts: volumes(preflight.Volume{Name: "sentry-postgres"},
				preflight.Volume{Name: "sentry-self-hosted_sentry-vroom", Project: "sentry-self-hosted"}, preflight.Volume{Name: "sentry-zookeeper"})},
		{name: "of this very site", check: "leftover-volumes", state: skipped, severity: info, got: "skipped because this site is installed and they are its own",
			facts: installed(volumes(preflight.Volume{Name: "sentry-postgres"}))},
		{name: "of another Sentry beside", check: "leftover-volumes", state: bad, severity: warn, got: "sentry-postgres, onpremise_sentry-secrets", hint: "will not be touched", target: lab,
			facts: volumes(preflight.Volume{Name: "sentry-postgres"}, preflight.Volume{Name: "onpremise_sentry-secrets", Project: "onpremise"})},
		{name: "the Engine is off", check: "leftover-volumes", state: unknown, severity: info, got: "unknown because the Engine does not answer",
			facts: func(f *preflight.Facts) {
				f.Inventory = preflight.NotKnown[preflight.Inventory]("the Engine does not answer")
			}},

		{name: "none", check: "leftover-containers", state: ok, severity: block, got: "none", facts: containers(preflight.Container{Name: "wp", Project: "wordpress"})},
		{name: "of the same project", check: "leftover-containers", state: bad, severity: block, got: "sentry-self-hosted-web-1", hint: "COMPOSE_PROJECT_NAME", facts: containers(other)},
		{name: "of this very site", check: "leftover-containers", state: ok, severity: block, got: "none", facts: installed(containers(own))},
		{name: "of this directory before it was a site", check: "leftover-containers", state: ok, severity: block, got: "none", facts: containers(own)},
		{name: "the same project from elsewhere, though this is a site", check: "leftover-containers", state: bad, severity: block, got: "sentry-self-hosted-web-1", facts: installed(containers(other))},
		{name: "of a helper of this site", check: "leftover-containers", state: ok, severity: block, got: "none",
			facts: installed(containers(preflight.Container{Name: "probe", Project: "sentry-self-hosted"}))},
		{name: "of another Sentry beside", check: "leftover-containers", state: bad, severity: warn, got: "sentry-self-hosted-web-1", hint: "docker compose stop", facts: containers(other), target: lab},
		{name: "many", check: "leftover-containers", state: bad, severity: warn, got: "c, c, c, c, c, c, …", target: lab,
			facts: containers(many(preflight.Container{Name: "c", Project: "onpremise"}, 7)...)},
	})
}

func many(c preflight.Container, n int) (list []preflight.Container) {
	for range n {
		list = append(list, c)
	}
	return list
}
