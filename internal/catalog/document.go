package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

// format is the shape of the files that this binary reads.
const format = 1

// document is the catalog as it is written. A file may hold any of the
// sections; no section may stand in two files.
type document struct {
	Format   int           `yaml:"format"`
	Versions []Release     `yaml:"versions"`
	Stops    []Stop        `yaml:"stops"`
	Avoid    []Avoided     `yaml:"avoid"`
	Minimums []Minimums    `yaml:"minimums"`
	Images   []EngineImage `yaml:"images"`
	Walks    []Walk        `yaml:"walks"`
	Volumes  []Volumes     `yaml:"volumes"`
	Demands  []Demand      `yaml:"demands"`
	Issues   []Issue       `yaml:"issues"`
	Steps    []Step        `yaml:"steps"`
	Services []ServiceSet  `yaml:"services"`
}

func readFile(path string) (document, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return document{}, err
	}
	return parse(data)
}

func readAll(fsys fs.FS, dir string) (document, error) {
	sub, err := fs.Sub(fsys, dir)
	if err != nil {
		return document{}, err
	}
	return readMatching(sub, "*.yaml")
}

// readMatching reads the files that pattern names and joins their sections.
func readMatching(fsys fs.FS, pattern string) (document, error) {
	var doc document
	files, err := fs.Glob(fsys, pattern)
	if err != nil {
		return doc, err
	}
	if len(files) == 0 {
		return doc, fmt.Errorf("no file named %s: %w", pattern, fs.ErrNotExist)
	}
	for _, name := range files {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return doc, err
		}
		one, err := parse(data)
		if err == nil {
			doc, err = doc.joined(one)
		}
		if err != nil {
			return doc, fmt.Errorf("%s: %w", name, err)
		}
	}
	return doc, nil
}

// parse refuses fields that it does not know: a typing error in a rule would
// otherwise be a rule that never applies.
func parse(data []byte) (document, error) {
	var doc document
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return doc, readable(err)
	}
	if doc.Format != 0 && doc.Format != format {
		return doc, fmt.Errorf("format %d is not known to this version of sentryctl, which reads format %d", doc.Format, format)
	}
	return doc, nil
}

// readable takes the names of our Go types out of what the YAML module says.
func readable(err error) error {
	var wrong *yaml.TypeError
	if !errors.As(err, &wrong) {
		return err
	}
	var lines []string
	for _, e := range wrong.Errors {
		line, _, _ := strings.Cut(e, " in type ")
		lines = append(lines, line)
	}
	return errors.New(strings.Join(lines, "; "))
}

// joined returns a with the sections of b; a section in both is an error.
func (a document) joined(b document) (document, error) {
	for _, s := range sections(&a, &b) {
		if s.twice {
			return a, fmt.Errorf("section %s stands in another file too", s.name)
		}
		s.take()
	}
	a.Format = max(a.Format, b.Format)
	return a, nil
}

// replacedBy returns a with the sections of b in the place of its own.
func (a document) replacedBy(b document) document {
	for _, s := range sections(&a, &b) {
		s.take()
	}
	return a
}

type section struct {
	name  string
	twice bool
	take  func() // moves the section of b, if there is one, into a
}

func sections(a, b *document) []section {
	return []section{
		pair("versions", &a.Versions, &b.Versions),
		pair("stops", &a.Stops, &b.Stops),
		pair("avoid", &a.Avoid, &b.Avoid),
		pair("minimums", &a.Minimums, &b.Minimums),
		pair("images", &a.Images, &b.Images),
		pair("walks", &a.Walks, &b.Walks),
		pair("volumes", &a.Volumes, &b.Volumes),
		pair("demands", &a.Demands, &b.Demands),
		pair("issues", &a.Issues, &b.Issues),
		pair("steps", &a.Steps, &b.Steps),
		pair("services", &a.Services, &b.Services),
	}
}

func pair[T any](name string, a, b *[]T) section {
	return section{name: name, twice: *a != nil && *b != nil, take: func() {
		if *b != nil {
			*a = *b
		}
	}}
}
