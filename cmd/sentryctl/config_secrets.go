package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/site"
)

// keepSecrets returns the answers as the site's record may hold them: each
// secret by reference, with its value in a file that only the owner can read.
func keepSecrets(s *site.Site, a config.Answers) (config.Answers, error) {
	return config.Keep(a, s.Own(), func(path string, data []byte) error {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("make a place for secrets: %w", err)
		}
		return site.WriteFile(path, data, 0o600)
	})
}

// dropSecrets removes kept secrets that the answers, as kept, name no more.
func dropSecrets(s *site.Site, kept config.Answers) error {
	paths, err := config.Unreferenced(kept, s.Own())
	if err != nil {
		return err
	}
	for _, path := range paths {
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("remove a secret that nothing uses: %w", err)
		}
	}
	return nil
}

// dropAdminPassword removes the copy of the first admin's password that an
// install kept for the case that it had to be resumed.
func dropAdminPassword(s *site.Site) error {
	err := os.Remove(s.Own("secrets", "admin.password"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the copy of the first admin's password: %w", err)
	}
	return nil
}
