package backup

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
)

// readNote reads a note that a run has left in case that it dies; false when
// there is none. The hint says what to do about one that is not readable.
func readNote(path, hint string, into any) (bool, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		return false, fault.New(fault.Resumable, hint, "read %s: %w", path, err)
	}
	return true, nil
}

// writeNote puts a note on disk.
func writeNote(path string, note any) error {
	data, err := json.Marshal(note)
	if err != nil {
		return fmt.Errorf("encode %s: %w", path, err)
	}
	return site.WriteFile(path, data, 0o600)
}
