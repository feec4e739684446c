// Package catalog owns what is known about the releases of self-hosted Sentry:
// which exist, which no upgrade may jump over, which to avoid, what they need,
// which data engines they carry, what goes wrong between them. It is data
// (data/*.yaml), each row with its source, and answers questions about it. It
// reads no release and asks no network.
package catalog

import (
	"embed"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/fault"
)

//go:embed data/*.yaml
var embedded embed.FS

// Catalog answers questions about releases. It never changes once read.
type Catalog struct {
	doc document
}

// Load returns the catalog that is built into this binary.
func Load() (*Catalog, error) {
	doc, err := readAll(embedded, "data")
	if err != nil {
		return nil, fmt.Errorf("read built-in catalog: %w", err)
	}
	return newCatalog(doc)
}

// Open returns the catalog that path gives, or the built-in one for "".
func Open(path string) (*Catalog, error) {
	if path == "" {
		return Load()
	}
	return Read(path)
}

// Read returns the built-in catalog with the sections that path gives in
// their place. Path is a YAML file or a directory of them; a section is
// replaced as a whole.
func Read(path string) (*Catalog, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fault.New(fault.Usage, "Give an existing YAML file or a directory of them: ls -l "+path, "read catalog: %w", err)
	}
	var given document
	if info.IsDir() {
		given, err = readMatching(os.DirFS(path), "*.yaml")
	} else {
		given, err = readFile(path)
	}
	if err == nil && given.Format == 0 {
		err = fmt.Errorf("nothing says format: %d", format)
	}
	if err != nil {
		return nil, unusable(path, err)
	}
	base, err := readAll(embedded, "data")
	if err != nil {
		return nil, fmt.Errorf("read built-in catalog: %w", err)
	}
	return checked(base.replacedBy(given), path)
}

func checked(doc document, name string) (*Catalog, error) {
	c, err := newCatalog(doc)
	if err != nil {
		return nil, unusable(name, err)
	}
	return c, nil
}

func unusable(name string, err error) error {
	return fault.New(fault.Usage, "Correct the file, or leave the option out to use the built-in catalog", "catalog %s: %w", name, err).WithDoc("docs/catalog.md")
}

func newCatalog(doc document) (*Catalog, error) {
	if err := doc.validate(); err != nil {
		return nil, err
	}
	slices.SortFunc(doc.Versions, func(a, b Release) int { return a.Version.Compare(b.Version) })
	return &Catalog{doc: doc}, nil
}

// Release is one published version and the date of its tag (YYYY-MM-DD).
type Release struct {
	Version calver.Version `yaml:"version" json:"version"`
	Date    string         `yaml:"date" json:"date"`
	Source  string         `yaml:"source" json:"source"`
}

// Releases returns every known release, oldest first.
func (c *Catalog) Releases() []Release { return slices.Clone(c.doc.Versions) }

// Versions returns every known version, oldest first.
func (c *Catalog) Versions() []calver.Version {
	list := make([]calver.Version, len(c.doc.Versions))
	for i, r := range c.doc.Versions {
		list[i] = r.Version
	}
	return list
}

// Known tells whether v is a published version.
func (c *Catalog) Known(v calver.Version) bool {
	return slices.ContainsFunc(c.doc.Versions, func(r Release) bool { return r.Version == v })
}

// Newest returns the newest version that the catalog knows.
func (c *Catalog) Newest() calver.Version { return c.doc.Versions[len(c.doc.Versions)-1].Version }

// Future tells whether v is newer than everything the catalog knows, so that
// none of its answers about v is more than a guess.
func (c *Catalog) Future(v calver.Version) bool { return c.Newest().Less(v) }

func (c *Catalog) atMostNewest(v calver.Version) calver.Version {
	if c.Future(v) {
		return c.Newest()
	}
	return v
}

// names joins versions for a sentence.
func names(list []calver.Version) string {
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = v.String()
	}
	return strings.Join(texts, ", ")
}
