package install

import (
	"context"

	"github.com/sentryctl/sentryctl/internal/event"
)

// KeepRelease is the step that keeps the pristine tree of a release.
func KeepRelease() Step { return keepRelease() }

// Bring lists the steps that take the data of a stopped site to this release
// and start everything. The release's files are in place. An upgrade takes
// them; the site's record stays as it is.
func Bring() []Step {
	return []Step{
		checkPostgres(),
		addVolumes(),
		volumePermissions(),
		moveStorageKey(),
		relayCredentials(),
		trustStores(),
		startStores(),
		createBuckets(),
		copyProfiles(),
		bootstrapSnuba(),
		createTopics(),
		migrateDatabase(),
		profilePermissions(),
		geoIP(),
		jsSDK(),
		startServices(),
	}
}

// addVolumes makes the external volumes that this release brings. The others
// hold the site's data.
func addVolumes() Step {
	s := createVolumes()
	s.Run = func(ctx context.Context, e *Env) error {
		st, err := e.Stack(ctx)
		if err != nil {
			return err
		}
		created, err := st.EnsureVolumes(ctx)
		for _, name := range created {
			e.Sink.Emit(event.Log{Source: "volumes", Text: "created " + name})
		}
		return err
	}
	return s
}
