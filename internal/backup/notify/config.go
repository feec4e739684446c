// Package notify owns the word that goes out when a run nobody watches has
// ended: to a web hook, by mail, as a ping, through a command. Where to is in a
// file of the site; secrets stand in files of their own or in that one.
package notify

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

// When says of which runs something is told.
type When string

// The choices. Always is the default.
const (
	Always  When = "always"
	Failure When = "failure"
	Success When = "success"
)

// Config is notify.yaml.
type Config struct {
	Webhooks []Webhook `yaml:"webhooks"`
	Mail     []Mail    `yaml:"mail"`
	Pings    []Ping    `yaml:"pings"`
	Commands []Command `yaml:"commands"`
}

// Address is a URL, or the file that holds it where it is a secret.
type Address struct {
	URL     string `yaml:"url"`
	URLFile string `yaml:"url_file"`
}

// Path is where the file stands.
func Path(s *site.Site) string { return s.Own("backup", "notify.yaml") }

// Read reads the file; one that is not there asks for nothing. Others may not
// read it: web hooks and pings are secrets in themselves.
func Read(path string) (Config, error) {
	var c Config
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, fmt.Errorf("read who is told: %w", err)
	}
	if st.Mode().Perm()&0o077 != 0 {
		return c, fault.New(fault.Usage, "Run: chmod 600 "+path, "others may read %s", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("read who is told: %w", err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&c); err != nil && len(bytes.TrimSpace(data)) > 0 {
		return c, fault.New(fault.Usage, "Compare it with docs/schedule.md", "%s is not readable: %w", path, err)
	}
	if err := c.check(); err != nil {
		return c, fault.New(fault.Usage, "Correct it in "+path, "%w", err)
	}
	return c, nil
}

func (c Config) check() error {
	for i, ch := range c.channels() {
		if err := ch.check(); err != nil {
			return fmt.Errorf("notice %d (%s): %w", i+1, ch.Name(), err)
		}
		if !slices.Contains([]When{"", Always, Failure, Success}, ch.when()) {
			return fmt.Errorf("notice %d (%s): on: %q is none of always, failure, success", i+1, ch.Name(), ch.when())
		}
	}
	return nil
}

func (c Config) channels() []channel {
	var all []channel
	for _, w := range c.Webhooks {
		all = append(all, w)
	}
	for _, m := range c.Mail {
		all = append(all, m)
	}
	for _, p := range c.Pings {
		all = append(all, p)
	}
	for _, x := range c.Commands {
		all = append(all, x)
	}
	return all
}

func (a Address) check() error {
	switch {
	case (a.URL == "") == (a.URLFile == ""):
		return errors.New("it needs url or url_file")
	case a.URLFile != "":
		return nil
	}
	return checkURL(a.URL)
}

func checkURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("its url is no http or https address") // the address is not named: it may be a secret
	}
	return nil
}

// read gives the address.
func (a Address) read() (string, error) {
	if a.URLFile == "" {
		return a.URL, nil
	}
	raw, err := secret(a.URLFile)
	if err != nil {
		return "", err
	}
	return raw, checkURL(raw)
}

func secret(path string) (string, error) {
	data, err := os.ReadFile(path)
	return strings.TrimSpace(string(data)), err
}
