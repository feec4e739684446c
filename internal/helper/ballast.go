package helper

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Ballast takes up room below dir in a file: so many bytes that no file system can make
// smaller, and more that are set aside unwritten where it can do that.
func Ballast(dir string, bytes, more int64) (err error) {
	f, err := os.Create(ballast(dir))
	if err == nil {
		if _, err = io.CopyN(f, rand.Reader, bytes); err == nil {
			err = f.Sync() // a disk may find out late that it is full
		}
		if err == nil && more > 0 {
			err = setAside(f, bytes, more)
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

// DropBallast gives that room back.
func DropBallast(dir string) error {
	if err := os.Remove(ballast(dir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("give room back: %w", err)
	}
	return nil
}

func ballast(dir string) string { return filepath.Join(dir, "ballast") }

func setAside(f *os.File, from, bytes int64) error {
	for {
		err := unix.Fallocate(int(f.Fd()), 0, from, bytes)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EOPNOTSUPP):
			return nil
		default:
			return err
		}
	}
}
