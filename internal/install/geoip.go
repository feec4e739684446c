package install

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

const (
	geoDir  = "geoip"
	geoData = "geoip/GeoLite2-City.mmdb"
	geoConf = "geoip/GeoIP.conf"
)

// geoIP puts the release's empty location database in place, and the real one
// when the admin has a MaxMind account. Sentry runs without it, so an update
// that fails does not stop the install.
func geoIP() Step {
	return Step{
		ID: "geoip", Title: "Set up IP geolocation", Idempotent: true,
		Done: func(ctx context.Context, e *Env) (bool, error) {
			if e.GeoIP {
				ready, err := dataReady(ctx, e)
				return ready && hasRealDatabase(e), err
			}
			return exists(e.Site.Path(geoData)) || !exists(e.Site.Path(geoData+".empty")), nil
		},
		Run: func(ctx context.Context, e *Env) error {
			if err := emptyDatabase(e); err != nil {
				return err
			}
			if !e.GeoIP {
				return nil
			}
			if err := e.GeoIPs.Update(ctx, e.Site.Path(geoConf), e.Site.Path(geoDir)); err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				hint := fault.HintOf(err)
				if hint == "" {
					hint = "Check the account in " + geoConf + ", then run the same command again"
				}
				e.lacks("the IP geolocation database was not updated: "+err.Error(), hint)
			}
			return nil
		},
	}
}

func emptyDatabase(e *Env) error {
	if exists(e.Site.Path(geoData)) {
		return nil
	}
	data, err := os.ReadFile(e.Site.Path(geoData + ".empty"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // this release ships none
	}
	if err != nil {
		return err
	}
	return site.WriteFile(e.Site.Path(geoData), data, 0o644)
}

// hasRealDatabase says whether the database in place is more than the empty
// one that the release brings.
func hasRealDatabase(e *Env) bool {
	have, err := os.ReadFile(e.Site.Path(geoData))
	if err != nil {
		return false
	}
	empty, err := os.ReadFile(e.Site.Path(geoData + ".empty"))
	return err != nil || !bytes.Equal(have, empty)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
