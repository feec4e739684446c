package install

import (
	"context"
	"slices"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/release"
	"github.com/sentryctl/sentryctl/internal/step"
)

// Step is a step of an install.
type Step = step.Step[*Env]

// Steps lists the steps in the order in which they run. Images come first
// after the record: a pull that fails has then touched nothing of the site.
func Steps() []Step {
	return []Step{
		recordAnswers(),
		pullImages(),
		keepRelease(),
		placeRelease(),
		trustCertificates(),
		writeConfig(),
		amendConfig(),
		wal2json(),
		createVolumes(),
		buildImages(),
		checkPostgres(),
		checkClickHouse(),
		checkStorageKey(),
		volumePermissions(),
		relayCredentials(),
		trustStores(),
		startStores(),
		createBuckets(),
		bootstrapSnuba(),
		createTopics(),
		migrateDatabase(),
		profilePermissions(),
		firstAdmin(),
		geoIP(),
		jsSDK(),
		restoredGroups(),
		startServices(),
		proveFrontDoor(),
		stopStores(),
		recordSite(),
	}
}

// since, until and between name version ranges the way the step lists read.
func since(v string) calver.Range { return calver.Range{Since: calver.MustParse(v)} }
func until(v string) calver.Range { return calver.Range{Until: calver.MustParse(v)} }
func between(a, b string) calver.Range {
	return calver.Range{Since: calver.MustParse(a), Until: calver.MustParse(b)}
}

// applies makes a Skip that lets a step run in a range of versions only.
func applies(r calver.Range, more ...func(context.Context, *Env) (string, error)) func(context.Context, *Env) (string, error) {
	return func(ctx context.Context, e *Env) (string, error) {
		if !r.Contains(e.Version) {
			return "applies to " + r.String(), nil
		}
		for _, skip := range more {
			if reason, err := skip(ctx, e); reason != "" || err != nil {
				return reason, err
			}
		}
		return "", nil
	}
}

// hasService skips a step when the project, in this profile, lacks a service.
func hasService(name string) func(context.Context, *Env) (string, error) {
	return func(ctx context.Context, e *Env) (string, error) {
		s, err := e.Stack(ctx)
		if err != nil {
			return "", err
		}
		if !slices.ContainsFunc(s.Model().Services, func(svc release.Service) bool { return svc.Name == name }) {
			return "this profile has no service " + name, nil
		}
		return "", nil
	}
}
