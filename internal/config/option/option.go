// Package option owns the registry: everything that an admin of a self-hosted
// Sentry sets in config.yml, sentry.conf.py, .env or relay/config.yml, with its
// type, default, file, versions and meaning, as data with a source per row. It
// checks values against types; it reads and writes no site.
package option

import (
	"slices"

	"github.com/sentryctl/sentryctl/internal/calver"
)

// File names where an option lives, as a path in the site.
type File string

// The files that options live in.
const (
	ConfigYML File = "sentry/config.yml"
	ConfPy    File = "sentry/sentry.conf.py"
	Env       File = ".env"
	RelayYML  File = "relay/config.yml"
)

// Option is one row of the registry.
type Option struct {
	Key          string   `yaml:"key" json:"key"`
	Type         Type     `yaml:"type" json:"type"`
	Values       []string `yaml:"values,omitempty" json:"values,omitempty"` // of an enum
	Min          *int     `yaml:"min,omitempty" json:"min,omitempty"`
	Max          *int     `yaml:"max,omitempty" json:"max,omitempty"`
	Default      string   `yaml:"default,omitempty" json:"default,omitempty"` // as text, of the newest release that has it
	File         File     `yaml:"file" json:"file"`
	Secret       bool     `yaml:"secret,omitempty" json:"secret,omitempty"`
	Restart      []string `yaml:"restart,omitempty" json:"restart,omitempty"` // services, or a group: see Groups
	calver.Range `yaml:",inline"`
	About        string   `yaml:"about" json:"about"`
	Source       string   `yaml:"source" json:"source"`
	Answer       string   `yaml:"answer,omitempty" json:"answer,omitempty"` // field of the answers that sets it
	Upstream     string   `yaml:"upstream,omitempty" json:"upstream,omitempty"`
	Also         []string `yaml:"also,omitempty" json:"-"` // variables that people know for it, and that the releases do not pass on
}

// Name returns the name that the option's file knows: the key without the
// "relay/" that keeps Relay's own settings apart from Sentry's relay.* options.
func (o Option) Name() string {
	if o.File == RelayYML {
		return o.Key[len(relayPrefix):]
	}
	return o.Key
}

const relayPrefix = "relay/"

// The groups that Restart may name beside services.
const (
	Sentry = "@sentry" // every service that mounts ./sentry
	Users  = "@users"  // every service whose definition names the variable
	None   = "@none"   // read by the installer alone
)

// Restarts returns the services or groups that must be recreated after a
// change; without an entry of its own, the file decides.
func (o Option) Restarts() []string {
	if len(o.Restart) > 0 {
		return slices.Clone(o.Restart)
	}
	switch o.File {
	case Env:
		return []string{Users}
	case RelayYML:
		return []string{"relay"}
	default:
		return []string{Sentry}
	}
}
