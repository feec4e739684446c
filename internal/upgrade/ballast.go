package upgrade

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/sentryctl/sentryctl/internal/site"
)

// ballastBytes is more than journals, notes and what is kept of a failed hop take.
const ballastBytes = 16 << 20

func ballast(s *site.Site) string { return own(s, "ballast") }

// LayBallast takes up room that the way back finds even where the hop has filled
// the disk. No filesystem can make it smaller.
func LayBallast(s *site.Site) error {
	if info, err := os.Stat(ballast(s)); err == nil && info.Size() == ballastBytes {
		return nil
	}
	data := make([]byte, ballastBytes)
	if _, err := rand.Read(data); err != nil {
		return fmt.Errorf("keep room for the way back: %w", err)
	}
	return site.WriteFile(ballast(s), data, 0o600)
}

// DropBallast frees that room.
func DropBallast(s *site.Site) error {
	if err := os.Remove(ballast(s)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("free the room for the way back: %w", err)
	}
	return nil
}
