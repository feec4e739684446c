package upgrade

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

// Begun is the note of a hop under way, from which it goes on after a crash.
// No secret stands in it.
type Begun struct {
	Run           string        `json:"run"`
	Set           string        `json:"set"`
	Hop           Hop           `json:"hop"`
	Target        string        `json:"target"`
	Rungs         int           `json:"rungs"` // of all engines, for the history
	PredictedNS   time.Duration `json:"predicted_ns"`
	StopIngest    bool          `json:"stop_ingest"`
	StopBefore    time.Time     `json:"stop_before,omitzero"`
	NoRollback    bool          `json:"no_rollback"`
	Pause         bool          `json:"pause"`
	KeepSets      bool          `json:"keep_checkpoints,omitempty"`
	AcceptAvoided bool          `json:"accept_avoided"`
	TimeoutNS     time.Duration `json:"timeout_ns"`
	StallNS       time.Duration `json:"stall_ns"`
	Releases      string        `json:"releases,omitempty"`
	Source        string        `json:"source,omitempty"`
	Catalog       string        `json:"catalog,omitempty"`
	Profile       string        `json:"profile,omitempty"`
	Repo          string        `json:"repo,omitempty"` // has the checkpoint
	PasswordFile  string        `json:"password_file,omitempty"`
}

// Back is the note of a rollback under way.
type Back struct {
	Hop    string `json:"hop"` // the run of the hop that is taken back
	Set    string `json:"set"`
	Data   bool   `json:"data"`
	Failed bool   `json:"failed"` // the hop did not come to its good end
	Why    string `json:"why,omitempty"`
}

// WriteNote keeps a Begun, a Back, a Drained or a Wanted.
func WriteNote(s *site.Site, note any) error {
	data, err := json.MarshalIndent(note, "", "  ")
	if err != nil {
		return fmt.Errorf("note the upgrade: %w", err)
	}
	return site.WriteFile(own(s, noteName(note)), data, 0o600)
}

// ReadNote reads the note into a *Begun, a *Back, a *Drained or a *Wanted; false when there is none.
func ReadNote(s *site.Site, note any) (bool, error) {
	return readNote(own(s, noteName(note)), note)
}

// readNote reads what the way back needs; false when it is not there.
func readNote(path string, into any) (bool, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		return false, fault.New(fault.Integrity, "Restore a backup: sentryctl backup list", "read %s: %w", path, err)
	}
	return true, nil
}

func noteName(note any) string {
	switch note.(type) {
	case Back, *Back:
		return "back.json"
	case Drained, *Drained:
		return "drained.json"
	case Wanted, *Wanted:
		return "wanted.json"
	}
	return "hop.json"
}
