package clickhouse

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// row is one line of a table. Numbers are json.Number.
type row map[string]any

// maxParts is how many parts a table may have before they become one.
const maxParts = 30

// A part is a folder all_FIRST_LAST_LEVEL that is never changed: rows as JSON
// lines in data.bin, their number in count.txt.
type part struct {
	first, last, level int
	rows               int
}

func (p part) name() string { return fmt.Sprintf("all_%d_%d_%d", p.first, p.last, p.level) }

// listParts reads a table's folder. A part that a merge has replaced but not
// yet removed is left out.
func listParts(dir string) ([]part, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read table: %w", err)
	}
	var all []part
	for _, e := range entries {
		var p part
		if n, _ := fmt.Sscanf(e.Name(), "all_%d_%d_%d", &p.first, &p.last, &p.level); n != 3 {
			continue
		}
		count, err := os.ReadFile(filepath.Join(dir, e.Name(), "count.txt"))
		if err != nil {
			return nil, fmt.Errorf("part %s is broken: %w", e.Name(), err)
		}
		if _, err := fmt.Sscan(string(count), &p.rows); err != nil {
			return nil, fmt.Errorf("part %s is broken: %w", e.Name(), err)
		}
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b part) int { return a.first - b.first })
	covered := func(p part) bool {
		return slices.ContainsFunc(all, func(o part) bool { return o.level > p.level && o.first <= p.first && o.last >= p.last })
	}
	return slices.DeleteFunc(all, covered), nil
}

// writePart makes a part appear as a whole.
func writePart(dir string, p part, columns string, data io.Reader) error {
	tmp := filepath.Join(dir, "tmp_insert_"+p.name())
	if err := os.RemoveAll(tmp); err != nil {
		return fmt.Errorf("write part: %w", err)
	}
	if err := os.MkdirAll(tmp, 0o750); err != nil {
		return fmt.Errorf("write part: %w", err)
	}
	files := map[string]io.Reader{
		"data.bin":    data,
		"columns.txt": strings.NewReader(columns),
		"count.txt":   strings.NewReader(fmt.Sprint(p.rows)),
	}
	for name, r := range files {
		if err := writeStream(filepath.Join(tmp, name), r); err != nil {
			return err
		}
	}
	if err := os.Rename(tmp, filepath.Join(dir, p.name())); err != nil {
		return fmt.Errorf("write part: %w", err)
	}
	return nil
}

// mergeParts replaces all parts by one.
func mergeParts(dir, columns string, parts []part) (part, error) {
	one := part{first: parts[0].first, last: parts[len(parts)-1].last}
	var streams []io.Reader
	for _, p := range parts {
		f, err := os.Open(filepath.Join(dir, p.name(), "data.bin"))
		if err != nil {
			return part{}, fmt.Errorf("merge: %w", err)
		}
		defer f.Close()
		streams = append(streams, f)
		one.level = max(one.level, p.level+1)
		one.rows += p.rows
	}
	if err := writePart(dir, one, columns, io.MultiReader(streams...)); err != nil {
		return part{}, err
	}
	for _, p := range parts {
		if err := os.RemoveAll(filepath.Join(dir, p.name())); err != nil {
			return part{}, fmt.Errorf("remove merged part: %w", err)
		}
	}
	return one, nil
}

// scan hands every row of the part to visit.
func scan(dir string, p part, visit func(row) error) error {
	f, err := os.Open(filepath.Join(dir, p.name(), "data.bin"))
	if err != nil {
		return fmt.Errorf("read part: %w", err)
	}
	defer f.Close()
	return decodeRows(bufio.NewReader(f), visit)
}

// decodeRows reads JSONEachRow.
func decodeRows(r io.Reader, visit func(row) error) error {
	dec := json.NewDecoder(r)
	dec.UseNumber()
	for {
		var one row
		if err := dec.Decode(&one); err == io.EOF {
			return nil
		} else if err != nil {
			return fail(117, "INCORRECT_DATA", "Cannot parse JSONEachRow: %v", err)
		}
		if err := visit(one); err != nil {
			return err
		}
	}
}

func encodeRows(rows []row) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, r := range rows {
		if err := enc.Encode(r); err != nil {
			return nil, fmt.Errorf("encode row: %w", err)
		}
	}
	return b.Bytes(), nil
}
