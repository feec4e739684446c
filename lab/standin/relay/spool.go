package relay

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/lab/standin/bus"
)

// item is one event in relay's hands.
type item struct {
	Key string `json:"key"` // public key that it came with
	bus.Ingest
}

// spool is a folder with one file per event, named so that they sort by time.
type spool struct {
	dir  string
	wake chan struct{}
}

func openSpool(dir string) (*spool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make spool: %w", err)
	}
	s := &spool{dir: dir, wake: make(chan struct{}, 1)}
	s.wake <- struct{}{} // for what an earlier run left
	return s, nil
}

// add returns when the event is on disk.
func (s *spool) add(it item) error {
	data, err := json.Marshal(it)
	if err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	name := fmt.Sprintf("%020d-%s", time.Now().UnixNano(), it.EventID)
	tmp := filepath.Join(s.dir, "."+name)
	if err := writeSynced(tmp, data); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	if err := os.Rename(tmp, filepath.Join(s.dir, name+".json")); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	if err := syncDir(s.dir); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	select {
	case s.wake <- struct{}{}:
	default: // the forwarder has yet to look
	}
	return nil
}

func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// oldest returns the names of up to n spooled events.
func (s *spool) oldest(n int) ([]string, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("read spool: %w", err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".json") && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names[:min(n, len(names))], nil
}

func (s *spool) count() int {
	names, err := s.oldest(1 << 30)
	if err != nil {
		return 0
	}
	return len(names)
}

// read returns an event, or false for one that is gone or cannot be read.
func (s *spool) read(name string) (item, bool) {
	var it item
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	return it, err == nil && json.Unmarshal(data, &it) == nil
}

func (s *spool) remove(name string) error {
	err := os.Remove(filepath.Join(s.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
