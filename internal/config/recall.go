package config

import (
	"io/fs"
	"strings"

	"github.com/sentryctl/sentryctl/internal/config/yamltext"
)

// recall fills in secrets that answers lack because a site's record does not
// keep them: they stand in the site's own files.
func recall(a Answers, disk fs.FS) Answers {
	if a.GeoIP.Account != "" && a.GeoIP.License.Reveal() == "" {
		if data, _, err := read(disk, geoipPath); err == nil && directive(string(data), "AccountID") == a.GeoIP.Account {
			a.GeoIP.License = NewSecret(directive(string(data), "LicenseKey"))
		}
	}
	if a.Mail.Username != "" && a.Mail.Password.Reveal() == "" {
		data, _, err := read(disk, ymlPath)
		if err != nil {
			return a
		}
		if root, err := yamltext.Root(data); err == nil && scalarAt(root, "mail.username") == a.Mail.Username {
			a.Mail.Password = NewSecret(scalarAt(root, "mail.password"))
		}
	}
	return a
}

// directive returns the value of the line "name value", "" when there is none.
func directive(text, name string) string {
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == name {
			return f[1]
		}
	}
	return ""
}
