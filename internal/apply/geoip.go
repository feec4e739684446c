package apply

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/sentryctl/sentryctl/internal/event"
)

const (
	geoConf = "geoip/GeoIP.conf"
	geoData = "geoip/GeoLite2-City.mmdb"
)

// updateGeoIP fetches the location database with an account that was given or
// changed since. Sentry runs without it, so a failure does not stop the apply.
func updateGeoIP() Step {
	return Step{
		ID: "geoip", Title: "Fetch the IP geolocation database", Idempotent: true,
		Skip: func(_ context.Context, e *Env) (string, error) {
			if e.GeoIP == nil {
				return "no MaxMind account was given", nil
			}
			return "", nil
		},
		Done: func(_ context.Context, e *Env) (bool, error) {
			return newer(e.Site.Path(geoData), e.Site.Path(geoConf))
		},
		Run: func(ctx context.Context, e *Env) error {
			err := e.GeoIP(ctx)
			if err == nil || ctx.Err() != nil {
				return ctx.Err()
			}
			n := event.Notice{Level: "warn", Text: "the IP geolocation database was not updated: " + err.Error(),
				Hint: "Check geoip.account and geoip.license, then run: sentryctl install --site " + e.Site.Dir}
			e.incomplete = append(e.incomplete, n)
			e.Sink.Emit(n)
			return nil
		},
	}
}

// newer tells whether a file is there and not older than another one.
func newer(path, than string) (bool, error) {
	a, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	b, err := os.Stat(than)
	if err != nil {
		return false, err
	}
	return !a.ModTime().Before(b.ModTime()), nil
}

// Incomplete returns what could not be done.
func (e *Env) Incomplete() []event.Notice { return e.incomplete }
