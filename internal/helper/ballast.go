package helper

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Ballast writes a file of so many bytes below dir. No file system can make it smaller.
func Ballast(dir string, bytes int64) (err error) {
	f, err := os.Create(filepath.Join(dir, "ballast"))
	if err == nil {
		if _, err = io.CopyN(f, rand.Reader, bytes); err == nil {
			err = f.Sync() // a disk may find out late that it is full
		}
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
	}
	if err != nil {
		return fmt.Errorf("take up room: %w", err)
	}
	return nil
}
