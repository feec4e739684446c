package config

import (
	"fmt"
	"io/fs"
	"maps"
	"strings"

	"go.yaml.in/yaml/v3"

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
	return recallStorage(a, disk)
}

// recallStorage fills in the secret key that belongs to the access key of
// filestore.options.
func recallStorage(a Answers, disk fs.FS) Answers {
	const key = "filestore.options"
	given, ok := a.Options[key].(map[string]any)
	if !ok || given["access_key"] == nil || given["secret_key"] != nil {
		return a
	}
	data, found, err := read(disk, ymlPath)
	if err != nil || !found {
		return a
	}
	var file map[string]any
	if err := yaml.Unmarshal(data, &file); err != nil {
		return a // told by whoever edits the file
	}
	have, ok := file[key].(map[string]any)
	if !ok || have["access_key"] != given["access_key"] || have["secret_key"] == nil {
		return a
	}
	full := maps.Clone(given)
	full["secret_key"] = NewSecret(fmt.Sprint(have["secret_key"]))
	a.Options = maps.Clone(a.Options)
	a.Options[key] = full
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
