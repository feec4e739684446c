package helper

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Ballast takes up room below dir in a file: so many bytes that no file system can make
// smaller, and more that are set aside unwritten where it can do that.
func Ballast(dir string, bytes, more int64) (err error) {
	f, err := os.Create(filepath.Join(dir, "ballast"))
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
