package kafka

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// metaFile says in a data directory who has kept its quorum: version 0 with
// ZooKeeper, version 1 without.
const metaFile = "meta.properties"

// takeOver looks at whose log lies in dir, and makes it this broker's. Kafka without
// ZooKeeper does not know the partitions of a log that was written with it, and
// creates them anew; the other way about it does not start.
func takeOver(p *proc.Proc, dir string, alone bool) error {
	path := filepath.Join(dir, metaFile)
	had, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read %s: %w", path, err)
	}
	version := "version=0\n"
	if alone {
		version = "version=1\n"
	}
	switch was := string(had); {
	case was == version:
		return nil
	case was == "": // nobody's yet
	case !alone:
		return proc.Exit(1, "%s: expected %s, but got %s", path, strings.TrimSpace(version), strings.TrimSpace(was))
	default:
		p.Logf("the log in %s was written with ZooKeeper: its partitions have no topic ID and are stray", dir)
		if err := empty(dir); err != nil {
			return err
		}
	}
	if err := os.WriteFile(path, []byte(version), 0o644); err != nil {
		return fmt.Errorf("mark the log: %w", err)
	}
	return nil
}

func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("list the log: %w", err)
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("remove stray partitions: %w", err)
		}
	}
	return nil
}
