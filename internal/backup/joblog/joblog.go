// Package joblog owns the log of runs that nobody watches: a file that is
// turned over when it is full, with a few older ones beside it.
package joblog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

// Log is a file that stays under a size. It may be used by several goroutines.
type Log struct {
	path string
	max  int64
	keep int

	mu   sync.Mutex
	file *os.File
	size int64
}

// Open opens the log for appending. Max is the size in bytes at which a new
// file begins; keep says how many older ones stay, named path.1 (the newest)
// and so on. Files have mode 0600.
func Open(path string, max int64, keep int) (*Log, error) {
	l := &Log{path: path, max: max, keep: keep}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the directory of the log: %w", err)
	}
	return l, l.open()
}

func (l *Log) open() error {
	f, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return fmt.Errorf("open the log: %w", err)
	}
	l.file, l.size = f, st.Size()
	return nil
}

// Write appends what is given, whole, to one file.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size > 0 && l.size+int64(len(p)) > l.max {
		if err := l.turn(); err != nil {
			return 0, err
		}
	}
	n, err := l.file.Write(p)
	l.size += int64(n)
	return n, err
}

// turn moves each file one number up; the last one goes.
func (l *Log) turn() error {
	if err := l.file.Close(); err != nil {
		return fmt.Errorf("turn the log over: %w", err)
	}
	for n := l.keep; n >= 0; n-- {
		var err error
		if n == l.keep {
			err = os.Remove(l.numbered(n))
		} else {
			err = os.Rename(l.numbered(n), l.numbered(n+1))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("turn the log over: %w", err)
		}
	}
	return l.open()
}

func (l *Log) numbered(n int) string {
	if n == 0 {
		return l.path
	}
	return l.path + "." + strconv.Itoa(n)
}

// Close ends the log.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Close()
}
