package weed

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// store keeps each bucket as a folder and each object as one file named by the
// hash of its key: a line of JSON about the object, then its bytes. What there
// is is also known in memory.
type store struct {
	dir     string
	mu      sync.RWMutex
	buckets map[string]*bucket
}

type bucket struct {
	made    time.Time
	objects map[string]object
}

// object is what is known about an object's bytes.
type object struct {
	Key      string            `json:"key"`
	ETag     string            `json:"etag"`
	Type     string            `json:"type,omitempty"`
	Meta     map[string]string `json:"meta,omitempty"`
	Modified time.Time         `json:"modified"`
	size     int64
	offset   int64 // of the bytes in the file
}

const lifecycleFile = "lifecycle.xml"

func openStore(dir string) (*store, error) {
	s := &store{dir: dir, buckets: map[string]*bucket{}}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make bucket directory: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read buckets: %w", err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		if s.buckets[e.Name()], err = loadBucket(filepath.Join(dir, e.Name())); err != nil {
			return nil, fmt.Errorf("bucket %s: %w", e.Name(), err)
		}
	}
	return s, nil
}

func loadBucket(dir string) (*bucket, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	b := &bucket{made: info.ModTime().UTC(), objects: map[string]object{}}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*.obj"))
	if err != nil {
		return nil, err
	}
	for _, path := range files {
		o, err := readHead(path)
		if err != nil {
			return nil, fmt.Errorf("object %s: %w", filepath.Base(path), err)
		}
		b.objects[o.Key] = o
	}
	return b, nil
}

func readHead(path string) (object, error) {
	var o object
	f, err := os.Open(path)
	if err != nil {
		return o, err
	}
	defer f.Close()
	line, err := bufio.NewReader(f).ReadBytes('\n')
	if err != nil {
		return o, err
	}
	if err := json.Unmarshal(line, &o); err != nil {
		return o, err
	}
	info, err := f.Stat()
	if err != nil {
		return o, err
	}
	o.offset = int64(len(line))
	o.size = info.Size() - o.offset
	return o, nil
}

func (s *store) path(bucketName, key string) string {
	sum := sha256.Sum256([]byte(key))
	name := hex.EncodeToString(sum[:])
	return filepath.Join(s.dir, bucketName, name[:2], name+".obj")
}

// create makes a bucket; existed says that it was there.
func (s *store) create(name string) (existed bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets[name] != nil {
		return true, nil
	}
	if err := os.MkdirAll(filepath.Join(s.dir, name), 0o755); err != nil {
		return false, fmt.Errorf("make bucket: %w", err)
	}
	s.buckets[name] = &bucket{made: time.Now().UTC(), objects: map[string]object{}}
	return false, nil
}

var errNotEmpty = errors.New("the bucket is not empty")

func (s *store) remove(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.in(name).objects) > 0 {
		return errNotEmpty
	}
	if err := os.RemoveAll(filepath.Join(s.dir, name)); err != nil {
		return fmt.Errorf("remove bucket: %w", err)
	}
	delete(s.buckets, name)
	return nil
}

// list returns the names of the buckets with their dates.
func (s *store) list() map[string]time.Time {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := map[string]time.Time{}
	for name, b := range s.buckets {
		all[name] = b.made
	}
	return all
}

func (s *store) has(name string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.buckets[name] != nil
}

// in is the bucket, an empty one where somebody has removed it.
func (s *store) in(name string) *bucket {
	if b := s.buckets[name]; b != nil {
		return b
	}
	return &bucket{}
}

// objects returns the bucket's objects by key, sorted.
func (s *store) objects(name string) []object {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []object
	for _, o := range s.in(name).objects {
		all = append(all, o)
	}
	slices.SortFunc(all, func(a, b object) int { return bytes.Compare([]byte(a.Key), []byte(b.Key)) })
	return all
}

// put stores an object; it is on disk when put returns.
func (s *store) put(name string, o object, data []byte) (object, error) {
	if o.ETag == "" {
		sum := md5.Sum(data)
		o.ETag = hex.EncodeToString(sum[:])
	}
	o.Modified = time.Now().UTC().Truncate(time.Second)
	head, err := json.Marshal(o)
	if err != nil {
		return o, fmt.Errorf("describe object: %w", err)
	}
	head = append(head, '\n')
	o.offset, o.size = int64(len(head)), int64(len(data))
	path := s.path(name, o.Key)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return o, fmt.Errorf("store object: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets[name] == nil {
		return o, fs.ErrNotExist
	}
	if err := writeFile(path, 0o644, head, data); err != nil {
		return o, err
	}
	s.buckets[name].objects[o.Key] = o
	return o, nil
}

// get returns an object and its bytes, which the caller closes.
func (s *store) get(name, key string) (object, *io.SectionReader, io.Closer, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	o, ok := s.in(name).objects[key]
	if !ok {
		return o, nil, nil, fs.ErrNotExist
	}
	f, err := os.Open(s.path(name, key))
	if err != nil {
		return o, nil, nil, fmt.Errorf("read object: %w", err)
	}
	return o, io.NewSectionReader(f, o.offset, o.size), f, nil
}

func (s *store) del(name, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.in(name).objects, key)
	if err := os.Remove(s.path(name, key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove object: %w", err)
	}
	return nil
}

// writeFile makes a file appear as a whole.
func writeFile(path string, mode os.FileMode, chunks ...[]byte) error {
	tmp := path + ".tmp"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, mode)
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	for _, c := range chunks {
		if err == nil {
			_, err = f.Write(c)
		}
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}
