package wrap

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// oldEra is the version that an image of the lab can claim to be while the
// distribution's server runs: its data directory says 9.6, and the cluster
// lies in a directory below, so that no other image takes it for its own.
const oldEra = "9.6"

const eraDir = "cluster"

// playEra makes the cluster one of the old era when the image is. done says
// that the program was only asked for its version.
func (c *cluster) playEra(p *proc.Proc) (done bool, err error) {
	tag := p.Getenv("STANDIN_POSTGRES_VERSION")
	if tag != oldEra && !strings.HasPrefix(tag, oldEra+".") {
		return false, c.refuseEra()
	}
	if slices.Contains(p.Args, "--version") || slices.Contains(p.Args, "-V") {
		_, err := fmt.Fprintf(p.Stdout, "postgres (PostgreSQL) %s.24\n", oldEra)
		return true, err
	}
	if _, err := os.Stat(filepath.Join(c.dir, "base")); err == nil {
		return false, incompatible(c.dir, "a later PostgreSQL", oldEra)
	}
	if err := proc.OwnDir(c.dir, c.owner, 0o700); err != nil {
		return false, err
	}
	c.shown, c.dir = c.dir, filepath.Join(c.dir, eraDir)
	return false, nil
}

// refuseEra refuses data of the old era, as a server of another major version
// does.
func (c *cluster) refuseEra() error {
	data, err := os.ReadFile(filepath.Join(c.dir, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read PG_VERSION: %w", err)
	}
	if strings.TrimSpace(string(data)) == oldEra {
		return incompatible(c.dir, "PostgreSQL version "+oldEra, "a later one")
	}
	return nil
}

func incompatible(dir, has, wants string) error {
	return proc.Exit(1, "FATAL:  database files are incompatible with server: %s was initialized by %s, and this is %s", dir, has, wants)
}

// showEra writes what tells others that this is data, and of which version.
func (c *cluster) showEra() error {
	if c.shown == "" {
		return nil
	}
	for path, text := range map[string]string{"global/pg_control": "in " + eraDir + "\n", "PG_VERSION": oldEra + "\n"} {
		path = filepath.Join(c.shown, path)
		if _, err := os.Stat(path); err == nil {
			continue
		}
		if err := proc.OwnDir(filepath.Dir(path), c.owner, 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return fmt.Errorf("show the version of the data: %w", err)
		}
	}
	return nil
}
