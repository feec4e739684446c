package site

import (
	"errors"
	"fmt"
	"os"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// State says how far an installation is.
type State string

// The states of a site.
const (
	Installing State = "installing"
	Installed  State = "installed"
)

// Record is site.yaml: what is installed here and what it was asked to be. No
// secret stands in it.
type Record struct {
	Schema      int            `yaml:"schema"`
	State       State          `yaml:"state"`
	Version     calver.Version `yaml:"version"`
	Moving      string         `yaml:"moving,omitempty"` // an adopted site runs images that are no release: "nightly"
	Source      string         `yaml:"source"`
	Digest      string         `yaml:"digest"`
	Project     string         `yaml:"project"`
	Tool        string         `yaml:"tool"`
	InstalledAt time.Time      `yaml:"installed_at,omitempty"`
	Answers     yaml.Node      `yaml:"answers,omitempty"`
}

const recordSchema = 1

// ReadRecord reads site.yaml; the error wraps fs.ErrNotExist when there is none.
func (s *Site) ReadRecord() (Record, error) {
	data, err := os.ReadFile(s.Own("site.yaml"))
	if err != nil {
		return Record{}, fmt.Errorf("read site record: %w", err)
	}
	var r Record
	if err := yaml.Unmarshal(data, &r); err != nil {
		return Record{}, fault.New(fault.Integrity, "Restore the file from a backup; it is written by sentryctl alone", "%s is not readable: %w", s.Own("site.yaml"), err)
	}
	if r.Schema > recordSchema {
		return Record{}, fault.New(fault.Other, "Use the newer sentryctl that wrote it", "%s has schema %d, this sentryctl knows %d", s.Own("site.yaml"), r.Schema, recordSchema)
	}
	return r, nil
}

// WriteRecord replaces site.yaml.
func (s *Site) WriteRecord(r Record) error {
	r.Schema = recordSchema
	data, err := yaml.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode site record: %w", err)
	}
	return WriteFile(s.Own("site.yaml"), append([]byte("# Written by sentryctl. Change the site with sentryctl, not here.\n"), data...), 0o600)
}

// Exists tells whether the directory holds a site record.
func (s *Site) Exists() bool {
	_, err := os.Stat(s.Own("site.yaml"))
	return !errors.Is(err, os.ErrNotExist)
}
