package backup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

// Kind says onto what a backup is restored.
type Kind string

// The kinds of restores.
const (
	Same  Kind = ""      // a site of the backup's version
	Clean Kind = "clean" // a machine that has no such site
	Other Kind = "other" // a site of another version, whose release is replaced
)

// Asked is what a restore was asked for. Whoever goes on with it goes on with
// that. No secret stands in it.
type Asked struct {
	Kind         Kind     `json:"kind,omitempty"`
	Volumes      []string `json:"volumes,omitempty"` // by name; nil: all that the backup holds
	ConfigOnly   bool     `json:"config_only,omitempty"`
	KeepOld      bool     `json:"keep_old,omitempty"`
	Force        bool     `json:"force,omitempty"` // whatever room there is
	Bind         string   `json:"bind,omitempty"`  // "": as the backup says
	URL          string   `json:"url,omitempty"`   // likewise
	Ignore       []string `json:"ignore,omitempty"`
	From         string   `json:"from,omitempty"`          // the version that is replaced
	Repo         string   `json:"repo,omitempty"`          // where it was named
	PasswordFile string   `json:"password_file,omitempty"` // the file with it, where it was named
}

// Restoring is the note of a restore under way.
type Restoring struct {
	Set      string `json:"set"`
	Mark     string `json:"mark"`
	Placed   bool   `json:"placed,omitempty"`   // a clean machine has the site's files
	Checked  bool   `json:"checked,omitempty"`  // nothing stood in its way
	Swapping bool   `json:"swapping,omitempty"` // data may have changed places: only forward from here
	// Waiting are the volumes that it fills. No others of such names are its own:
	// those that a restore before was to keep.
	Waiting []string `json:"waiting,omitempty"`
	Asked
}

func restorePath(s *site.Site) string { return s.Own("backup", "restore.json") }

// ReadRestoring reads the note of a restore that did not come to its end;
// false when there is none.
func ReadRestoring(s *site.Site) (r Restoring, found bool, err error) {
	found, err = readNote(restorePath(s), "Give the restore's command again after removing the file", &r)
	return r, found, err
}

// NewRestoring is the note of a restore that begins.
func NewRestoring(set Set, a Asked, now time.Time) Restoring {
	return Restoring{Set: set.ID(), Mark: set.ID() + "/" + now.UTC().Format(time.RFC3339Nano), Asked: a}
}

// Write puts the note on disk.
func (r Restoring) Write(s *site.Site) error { return writeNote(restorePath(s), r) }

// Is tells whether the note is of the very restore that is asked for. What
// only decides whether it may begin does not count.
func (r Restoring) Is(set string, a Asked) bool {
	return r.Set == set && r.Kind == a.Kind && r.ConfigOnly == a.ConfigOnly && slices.Equal(r.Volumes, a.Volumes)
}

// Held is a fault when another restore may not take the place of this one.
func (r Restoring) Held(s *site.Site) error {
	if !r.Swapping && r.Kind != Clean {
		return nil
	}
	return fault.New(fault.Resumable, "Finish it first: sentryctl resume --site "+s.Dir, "a restore of backup %s did not come to its end", r.Set)
}

// ForgetRestore removes the note of a restore that came to its end.
func ForgetRestore(s *site.Site) error {
	if err := os.Remove(restorePath(s)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the note of the restore: %w", err)
	}
	return nil
}
