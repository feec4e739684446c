package step

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Journal is the durable record of a run: a file of JSON lines, one write and
// one fsync for each record.
type Journal struct {
	file    *os.File
	size    int64 // of the whole records
	records []Record
}

// OpenJournal opens the journal at path for appending and creates it when it
// is not there. A torn last line is cut off first.
func OpenJournal(path string) (*Journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	j := &Journal{file: f}
	if err := j.load(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return j, nil
}

func (j *Journal) load() error {
	records, whole, err := ReadRecords(j.file)
	if err != nil {
		return fmt.Errorf("%s: %w", j.file.Name(), err)
	}
	j.records, j.size = records, whole
	return j.cut()
}

// cut removes what follows the last whole record.
func (j *Journal) cut() error {
	if err := j.file.Truncate(j.size); err != nil {
		return fmt.Errorf("cut torn line off journal: %w", err)
	}
	if _, err := j.file.Seek(j.size, 0); err != nil {
		return fmt.Errorf("seek in journal: %w", err)
	}
	return nil
}

// Records returns what the journal holds, oldest first.
func (j *Journal) Records() []Record { return j.records }

// Append writes one record and returns when it is on the disk. What a full disk
// has taken of it goes again, so that a later record stands on a line of its own.
func (j *Journal) Append(r Record) error {
	line, err := encode(r)
	if err != nil {
		return err
	}
	if _, err := j.file.Write(line); err != nil {
		return errors.Join(fmt.Errorf("write journal: %w", err), j.cut())
	}
	if err := j.file.Sync(); err != nil {
		return errors.Join(fmt.Errorf("sync journal: %w", err), j.cut())
	}
	j.records, j.size = append(j.records, r), j.size+int64(len(line))
	return nil
}

// Close closes the file. The records stay readable.
func (j *Journal) Close() error { return j.file.Close() }

// LoadJournal reads the journal at path without opening it for writing.
func LoadJournal(path string) ([]Record, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	defer f.Close()
	records, _, err := ReadRecords(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return records, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("open directory: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	return nil
}
