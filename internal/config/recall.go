package config

import (
	"fmt"
	"io/fs"
	"maps"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/internal/config/envfile"
	"github.com/sentryctl/sentryctl/internal/config/option"
	"github.com/sentryctl/sentryctl/internal/config/yamltext"
)

// recall fills in secrets that answers lack because what they refer to is
// gone: they stand in the site's own files.
func recall(a Answers, disk fs.FS, reg *option.Registry) Answers {
	root := siteYAML(disk)
	if a.GeoIP.Account != "" && a.GeoIP.License.Reveal() == "" {
		if data, _, err := read(disk, geoipPath); err == nil && directive(string(data), "AccountID") == a.GeoIP.Account {
			a.GeoIP.License.value = directive(string(data), "LicenseKey")
		}
	}
	if a.Mail.Username != "" && a.Mail.Password.Reveal() == "" && scalarAt(root, "mail.username") == a.Mail.Username {
		a.Mail.Password.value = scalarAt(root, "mail.password")
	}
	a = recallStorage(a, disk)
	return a.eachSecret(func(key string, s Secret) Secret {
		o, ok := reg.Get(key)
		if !ok || s.value != "" {
			return s
		}
		switch o.File {
		case option.ConfigYML:
			s.value = scalarAt(root, key)
		case option.Env:
			s.value = siteVariable(disk, key)
		}
		return s
	})
}

// recallStorage fills in the secret key that belongs to the access key of
// filestore.options.
func recallStorage(a Answers, disk fs.FS) Answers {
	const key = "filestore.options"
	given, ok := a.Options[key].(map[string]any)
	if s, has := given["secret_key"].(Secret); !ok || given["access_key"] == nil || has && s.value != "" {
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

func siteYAML(disk fs.FS) *yaml.Node {
	data, _, err := read(disk, ymlPath)
	if err != nil {
		return nil
	}
	root, err := yamltext.Root(data)
	if err != nil {
		return nil
	}
	return root
}

// siteVariable returns a variable of .env.custom, else of .env.
func siteVariable(disk fs.FS, name string) string {
	for _, path := range []string{customPath, envPath} {
		data, _, err := read(disk, path)
		if err != nil {
			continue
		}
		if f, err := envfile.Parse(data); err == nil {
			if v, ok := f.Get(name); ok {
				return v
			}
		}
	}
	return ""
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

// OwnVariable returns a variable of our part of .env.custom, "" when it sets
// none.
func OwnVariable(disk fs.FS, name string) string {
	data, _, err := read(disk, customPath)
	if err != nil {
		return ""
	}
	f, err := envfile.Parse(blockOf(customPath, data))
	if err != nil {
		return ""
	}
	value, _ := f.Get(name)
	return value
}
