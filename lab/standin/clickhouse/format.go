package clickhouse

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// write prints the result in the format that the statement asked for, else in
// the one given.
func (r *result) write(w io.Writer, format string) error {
	if r.format != "" {
		format = r.format
	}
	switch strings.ToUpper(format) {
	case "", "TABSEPARATED", "TSV", "TABSEPARATEDRAW", "TSVRAW":
		return r.lines(w, "\t", escapeTab)
	case "TABSEPARATEDWITHNAMES", "TSVWITHNAMES":
		fmt.Fprintln(w, strings.Join(r.titles, "\t"))
		return r.lines(w, "\t", escapeTab)
	case "CSV":
		return r.lines(w, ",", quoteCSV)
	case "JSONEACHROW":
		for _, line := range r.rows {
			if err := r.object(w, line); err != nil {
				return err
			}
			fmt.Fprintln(w)
		}
		return nil
	case "JSON":
		return r.json(w)
	case "NULL":
		return nil
	}
	return fail(73, "UNKNOWN_FORMAT", "Unknown format %s", format)
}

func (r *result) lines(w io.Writer, sep string, field func(any) string) error {
	for _, line := range r.rows {
		cells := make([]string, len(line))
		for i, v := range line {
			cells[i] = field(v)
		}
		if _, err := fmt.Fprintln(w, strings.Join(cells, sep)); err != nil {
			return err
		}
	}
	return nil
}

func escapeTab(v any) string {
	if v == nil {
		return `\N`
	}
	return strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`).Replace(show(v))
}

func quoteCSV(v any) string {
	if s, ok := v.(string); ok {
		return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	return show(v)
}

// object writes one line as a JSON object with the columns in their order.
func (r *result) object(w io.Writer, line []any) error {
	for i, v := range line {
		name, err := json.Marshal(r.titles[i])
		if err != nil {
			return err
		}
		value, err := json.Marshal(v)
		if err != nil {
			return err
		}
		sep := ","
		if i == 0 {
			sep = "{"
		}
		fmt.Fprintf(w, "%s%s:%s", sep, name, value)
	}
	_, err := fmt.Fprint(w, "}")
	return err
}

func (r *result) json(w io.Writer) error {
	meta := []map[string]string{}
	for _, t := range r.titles {
		meta = append(meta, map[string]string{"name": t, "type": "String"})
	}
	head, err := json.Marshal(meta)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, `{"meta":%s,"data":[`, head)
	for i, line := range r.rows {
		if i > 0 {
			fmt.Fprint(w, ",")
		}
		if err := r.object(w, line); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(w, "],\"rows\":%d}\n", len(r.rows))
	return err
}
