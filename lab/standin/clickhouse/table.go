package clickhouse

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

type column struct{ name, kind string }

// zero is what a row without this column has there.
func (c column) zero() any {
	switch {
	case strings.HasPrefix(c.kind, "Nullable"):
		return nil
	case strings.Contains(c.kind, "Int"), strings.HasPrefix(c.kind, "Float"), strings.HasPrefix(c.kind, "Bool"):
		return zeroNumber
	}
	return ""
}

// table is one table of a database; its rows stay on disk.
type table struct {
	name    string
	uuid    string
	engine  string
	columns []column
	dir     string
	parts   []part
}

func (t *table) columnsText() string {
	var b strings.Builder
	fmt.Fprintf(&b, "columns format version: 1\n%d columns:\n", len(t.columns))
	for _, c := range t.columns {
		fmt.Fprintf(&b, "`%s` %s\n", c.name, c.kind)
	}
	return b.String()
}

func (t *table) has(name string) bool {
	for _, c := range t.columns {
		if c.name == name {
			return true
		}
	}
	return false
}

// complete fills in the columns that a row lacks.
func (t *table) complete(r row) row {
	for _, c := range t.columns {
		if _, ok := r[c.name]; !ok {
			r[c.name] = c.zero()
		}
	}
	return r
}

func (t *table) insert(rows []row) error {
	if len(rows) == 0 {
		return nil
	}
	for _, r := range rows {
		for name := range r {
			if !t.has(name) {
				return fail(117, "INCORRECT_DATA", "Unknown field found while parsing JSONEachRow format: %s", name)
			}
		}
	}
	data, err := encodeRows(rows)
	if err != nil {
		return err
	}
	if err := t.compact(); err != nil {
		return err
	}
	next := 1
	if n := len(t.parts); n > 0 {
		next = t.parts[n-1].last + 1
	}
	p := part{first: next, last: next, rows: len(rows)}
	if err := writePart(t.dir, p, t.columnsText(), bytes.NewReader(data)); err != nil {
		return err
	}
	t.parts = append(t.parts, p)
	return nil
}

// compact merges the parts when there are too many.
func (t *table) compact() error {
	if len(t.parts) < maxParts {
		return nil
	}
	one, err := mergeParts(t.dir, t.columnsText(), t.parts)
	if err != nil {
		return err
	}
	t.parts = []part{one}
	return nil
}

func (t *table) scan(visit func(row) error) error {
	for _, p := range t.parts {
		if err := scan(t.dir, p, func(r row) error { return visit(t.complete(r)) }); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) rows() int {
	n := 0
	for _, p := range t.parts {
		n += p.rows
	}
	return n
}

func (t *table) truncate() error {
	for _, p := range t.parts {
		if err := os.RemoveAll(filepath.Join(t.dir, p.name())); err != nil {
			return fmt.Errorf("truncate %s: %w", t.name, err)
		}
	}
	t.parts = nil
	return nil
}

// deleteWhere rewrites the table without the rows that match.
func (t *table) deleteWhere(match func(row) (bool, error)) error {
	if err := t.compact(); err != nil {
		return err
	}
	var keep []row
	err := t.scan(func(r row) error {
		gone, err := match(r)
		if err == nil && !gone {
			keep = append(keep, r)
		}
		return err
	})
	if err != nil {
		return err
	}
	old := t.parts
	if err := t.insert(keep); err != nil {
		return err
	}
	// A crash between the two leaves rows twice, never lost.
	t.parts = t.parts[len(t.parts)-min(1, len(keep)):]
	for _, p := range old {
		if err := os.RemoveAll(filepath.Join(t.dir, p.name())); err != nil {
			return fmt.Errorf("delete from %s: %w", t.name, err)
		}
	}
	return nil
}

// freeze links the parts into shadow/NAME, as ALTER TABLE … FREEZE does.
func (t *table) freeze(root, name string) error {
	rel, err := filepath.Rel(root, t.dir)
	if err != nil {
		return fmt.Errorf("freeze %s: %w", t.name, err)
	}
	for _, p := range t.parts {
		to := filepath.Join(root, "shadow", name, rel, p.name())
		if err := os.MkdirAll(to, 0o750); err != nil {
			return fmt.Errorf("freeze %s: %w", t.name, err)
		}
		files, err := os.ReadDir(filepath.Join(t.dir, p.name()))
		if err != nil {
			return fmt.Errorf("freeze %s: %w", t.name, err)
		}
		for _, f := range files {
			if err := os.Link(filepath.Join(t.dir, p.name(), f.Name()), filepath.Join(to, f.Name())); err != nil {
				return fmt.Errorf("freeze %s: %w", t.name, err)
			}
		}
	}
	return nil
}
