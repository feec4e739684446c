package config

import (
	"bytes"
	"io/fs"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/config/envfile"
	"github.com/sentryctl/sentryctl/internal/config/pyconf"
	"github.com/sentryctl/sentryctl/internal/config/yamltext"
)

// CheckSite finds what is wrong with the configuration files of a site: a
// secret key in two places, a setting that the release refuses, a file that
// cannot be read. It changes nothing.
func CheckSite(v calver.Version, disk fs.FS) []Finding {
	var out findings
	keys := secretKeys(disk)
	for _, k := range keys[min(1, len(keys)):] {
		if k.key != keys[0].key {
			out = append(out, Finding{ID: "two-secret-keys", Severity: Err, File: k.path, Key: secretKeyVariable,
				Text: "another secret key than in " + keys[0].path, Hint: "Keep the key that the site has run with, in one place"})
		}
	}
	conf, found, err := read(disk, confPath)
	if err != nil {
		return append(out, Finding{ID: "unreadable", Severity: Err, File: confPath, Text: err.Error()})
	}
	if found {
		out = append(out, checkAmended(v, conf)...)
	}
	return append(out, checkMailFrom(disk)...)
}

// checkMailFrom finds a sender that is set in config.yml while SENTRY_MAIL_HOST
// sets one too: which of them counts has changed over the releases.
func checkMailFrom(disk fs.FS) findings {
	data, found, err := read(disk, ymlPath)
	if err != nil || !found {
		return nil
	}
	root, f := parseYAML(ymlPath, data)
	if f != nil {
		return findings{*f}
	}
	n := yamltext.Lookup(root, "mail.from")
	if n == nil {
		return nil
	}
	for _, path := range []string{customPath, envPath} {
		data, _, err := read(disk, path)
		if err != nil {
			continue
		}
		vars, err := envfile.Parse(data)
		if err != nil {
			return findings{{ID: "cannot-read", Severity: Err, File: path, Line: lineOf(err), Text: err.Error()}}
		}
		conf, _, _ := read(disk, confPath)
		if host, _ := vars.Get("SENTRY_MAIL_HOST"); host != "" && !setsMailFrom(conf) {
			return findings{{ID: "mail-from-twice", Severity: Warn, File: ymlPath, Line: n.Line, Key: "mail.from",
				Text: "mail.from stands here, and " + path + " sets SENTRY_MAIL_HOST, from which sentry.conf.py makes another", Hint: "Keep one of them"}}
		}
	}
	return nil
}

// setsMailFrom tells whether our block settles the matter.
func setsMailFrom(conf []byte) bool {
	block, err := pyconf.Block(conf)
	return err == nil && bytes.Contains(block, []byte(`SENTRY_OPTIONS["mail.from"]`))
}
