package main

import (
	"os"
	"strings"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

// unasked sees that a run at night finds the repository, its password and its
// credentials, with nothing but the file that holds its environment.
func unasked(s *site.Site, environment string) error {
	vars, err := readEnvironment(environment)
	if err != nil {
		return err
	}
	_, err = backupOptions{}.access(&app{getenv: func(name string) string { return vars[name] }}, s)
	if err == nil {
		return nil
	}
	return fault.New(fault.CodeOf(err), "Run: sentryctl backup init --repo /path --password-file FILE --site "+s.Dir+", and put credentials of the place into a file that --environment names",
		"a run at night would fail: %w", err)
}

// readEnvironment reads lines of NAME=value; "" is no file.
func readEnvironment(path string) (map[string]string, error) {
	vars := map[string]string{}
	if path == "" {
		return vars, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fault.New(fault.Usage, "Name a file of NAME=value lines with --environment", "read the environment of the runs: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fault.New(fault.Usage, "Run: chmod 600 "+path, "others may read %s", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New(fault.Usage, "Name a file that this user may read with --environment", "read the environment of the runs: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		name, value, found := strings.Cut(strings.TrimSpace(line), "=")
		if found && !strings.HasPrefix(name, "#") {
			vars[name] = strings.Trim(value, `"'`)
		}
	}
	return vars, nil
}
