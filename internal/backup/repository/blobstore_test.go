package repository_test

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// object is a thing in a bucket.
type object struct {
	name string
	data []byte
	meta map[string]string
	when time.Time
}

// bucket is what the servers of the clouds have in common: names with bytes.
type bucket struct {
	mu      sync.Mutex
	objects map[string]object
}

func (b *bucket) put(o object) object {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.objects == nil {
		b.objects = map[string]object{}
	}
	o.when = time.Now().UTC()
	b.objects[o.name] = o
	return o
}

func (b *bucket) get(name string) (object, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, there := b.objects[name]
	return o, there
}

func (b *bucket) remove(name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, there := b.objects[name]
	delete(b.objects, name)
	return there
}

// page lists at most limit objects that begin with prefix, from a name on,
// and gives the name to go on from.
func (b *bucket) page(prefix, from string, limit int) (list []object, next string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(b.objects)) {
		if name < from || !strings.HasPrefix(name, prefix) {
			continue
		}
		if len(list) == limit {
			return list, name
		}
		list = append(list, b.objects[name])
	}
	return list, ""
}
