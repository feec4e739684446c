package capture

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// markName is the attribute of a directory that a restore has completed. It
// goes where the directory goes, so that a swap can tell whether it was done.
const markName = "user.sentryctl.restore"

func mark(dir, value string) error {
	if value == "" {
		return nil
	}
	if err := unix.Setxattr(dir, markName, []byte(value), 0); err != nil {
		return fmt.Errorf("mark %s as complete: %w", dir, err)
	}
	return nil
}

func marked(dir, value string) (bool, error) { return attributeIs(dir, markName, value) }

func attributeIs(dir, name, value string) (bool, error) {
	buf := make([]byte, 256)
	n, err := unix.Getxattr(dir, name, buf)
	if errors.Is(err, unix.ENODATA) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at %s: %w", dir, err)
	}
	return string(buf[:n]) == value, nil
}

// inPlace tells whether a swap was done before.
func inPlace(used, value string) (bool, error) {
	if used == "" || value == "" {
		return false, nil
	}
	return marked(used, value)
}

// SwapRequest lets directories change places: what is complete comes to where
// it is used. Complete vouches for what waits; else it has to carry the mark. What is
// used and does not carry the mark Over, if one is given, is left alone.
type SwapRequest struct {
	Mark     string `json:"mark"`
	Complete bool   `json:"complete,omitempty"`
	Over     string `json:"over,omitempty"`
	Pairs    []Pair `json:"pairs"`
}

// Pair is where data is used and where its replacement waits.
type Pair struct {
	Used    string `json:"used"`
	Waiting string `json:"waiting"`
}

// Swap exchanges the directories of each pair in one act of the file system.
// A pair that has changed places is left alone, so that it can be repeated; a
// replacement that is not complete is refused.
func Swap(req SwapRequest) error {
	for _, p := range req.Pairs {
		done, err := marked(p.Used, req.Mark)
		if err != nil {
			return err
		}
		if done {
			continue
		}
		if req.Over != "" {
			if over, err := marked(p.Used, req.Over); err != nil || !over {
				return err
			}
		}
		if req.Complete {
			if err := mark(p.Waiting, req.Mark); err != nil {
				return err
			}
		}
		whole, err := marked(p.Waiting, req.Mark)
		if err != nil {
			return err
		}
		if !whole {
			return fault.New(fault.Integrity, "Run the same restore again", "%s is not complete", p.Waiting)
		}
		if err := unix.Renameat2(unix.AT_FDCWD, p.Waiting, unix.AT_FDCWD, p.Used, unix.RENAME_EXCHANGE); err != nil {
			return fmt.Errorf("let %s and %s change places: %w", p.Waiting, p.Used, err)
		}
	}
	return nil
}
