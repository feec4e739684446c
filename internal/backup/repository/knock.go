package repository

import (
	"github.com/studio-b12/gowebdav"
)

// knock asks a WebDAV server once whether it knows us. kopia would try ten
// times, which is what servers lock users out for.
func (a Access) knock() error {
	if a.Target.Kind != WebDAV {
		return nil
	}
	c := gowebdav.NewClient(a.Target.Path, a.Target.User, a.Credentials["SENTRYCTL_WEBDAV_PASSWORD"])
	if _, err := c.Stat("/"); err != nil && refusal.MatchString(err.Error()) {
		return a.unreachable(err)
	}
	return nil
}
