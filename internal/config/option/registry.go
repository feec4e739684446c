package option

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/internal/calver"
)

//go:embed data/*.yaml
var data embed.FS

// load reads the embedded rows once; they never change while we run.
var load = sync.OnceValues(func() (*Registry, error) { return Read(data) })

// Registry holds every known option.
type Registry struct {
	rows  []Option // by key
	byKey map[string]int
}

// Load returns the registry that this program carries.
func Load() (*Registry, error) { return load() }

// Read reads data/*.yaml of fsys: each file is a list of options. An unknown
// field, a row without type, file, meaning or source, and a key given twice
// are errors.
func Read(fsys fs.FS) (*Registry, error) {
	names, err := fs.Glob(fsys, "data/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list option files: %w", err)
	}
	r := &Registry{byKey: map[string]int{}}
	for _, name := range names {
		rows, err := readRows(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("read options %s: %w", name, err)
		}
		r.rows = append(r.rows, rows...)
	}
	slices.SortFunc(r.rows, func(a, b Option) int { return cmp.Compare(a.Key, b.Key) })
	for i, o := range r.rows {
		if _, twice := r.byKey[o.Key]; twice {
			return nil, fmt.Errorf("option %s is given twice", o.Key)
		}
		r.byKey[o.Key] = i
	}
	return r, nil
}

func readRows(fsys fs.FS, name string) ([]Option, error) {
	b, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	var rows []Option
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(&rows); err != nil {
		return nil, err
	}
	for _, o := range rows {
		if err := o.complete(); err != nil {
			return nil, fmt.Errorf("option %q: %w", o.Key, err)
		}
	}
	return rows, nil
}

// complete says what a row lacks.
func (o Option) complete() error {
	switch {
	case o.Key == "" || o.About == "" || o.Source == "":
		return fmt.Errorf("needs key, about and source")
	case !o.Type.known():
		return fmt.Errorf("type %q is unknown", o.Type)
	case !slices.Contains([]File{ConfigYML, ConfPy, Env, RelayYML}, o.File):
		return fmt.Errorf("file %q is unknown", o.File)
	case (o.Type == Enum) != (len(o.Values) > 0):
		return fmt.Errorf("an enum, and nothing else, has values")
	case o.File == RelayYML && !strings.HasPrefix(o.Key, relayPrefix):
		return fmt.Errorf("a key of relay/config.yml begins with %s", relayPrefix)
	}
	return nil
}

// All returns every option, by key.
func (r *Registry) All() []Option { return slices.Clone(r.rows) }

// At returns the options that release v has, by key.
func (r *Registry) At(v calver.Version) []Option {
	return slices.DeleteFunc(r.All(), func(o Option) bool { return !o.Contains(v) })
}

// Get returns the option of a key.
func (r *Registry) Get(key string) (Option, bool) {
	i, ok := r.byKey[key]
	if !ok {
		return Option{}, false
	}
	return r.rows[i], true
}

// Nearest returns up to n known keys that a person who wrote key may have
// meant, the most alike first; none when nothing is alike.
func (r *Registry) Nearest(key string, n int) []string {
	keys := make([]string, len(r.rows))
	for i, o := range r.rows {
		keys[i] = o.Key
	}
	return Nearest(key, keys, n)
}

// Nearest returns up to n of the known names that are alike enough to name,
// the most alike first. Case, dashes, dots and underscores count for nothing.
func Nearest(name string, known []string, n int) []string {
	type candidate struct {
		name     string
		distance int
	}
	var out []candidate
	want := fold(name)
	for _, k := range known {
		have := fold(k)
		d := levenshtein.ComputeDistance(want, have)
		// Half of the name wrong is another name, unless one holds the other.
		if d <= max(2, len(want)/3) || (len(want) > 3 && strings.Contains(have, want)) {
			out = append(out, candidate{k, d})
		}
	}
	slices.SortStableFunc(out, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.name, b.name))
	})
	names := make([]string, 0, n)
	for _, c := range out[:min(n, len(out))] {
		names = append(names, c.name)
	}
	return names
}

func fold(s string) string {
	return strings.NewReplacer("_", "", "-", "", ".", "", "/", "").Replace(strings.ToLower(s))
}
