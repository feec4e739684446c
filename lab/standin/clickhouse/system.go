package clickhouse

import (
	"fmt"
	"maps"
	"slices"
	"syscall"
)

// system returns a table of the database system.
func (s *session) system(name string) ([]row, []string, error) {
	st := s.server.store
	switch name {
	case "one":
		return []row{{"dummy": zeroNumber}}, []string{"dummy"}, nil
	case "databases":
		var rows []row
		for _, db := range sorted(st.databases) {
			rows = append(rows, row{"name": db.name, "engine": "Atomic", "uuid": db.uuid})
		}
		return rows, []string{"name", "engine", "uuid"}, nil
	case "tables":
		columns := []string{"database", "name", "uuid", "engine", "total_rows"}
		return s.eachTable(func(db *database, t *table) []row {
			return []row{{"database": db.name, "name": t.name, "uuid": t.uuid, "engine": engineName(t.engine), "total_rows": number64(t.rows())}}
		}), columns, nil
	case "columns":
		columns := []string{"database", "table", "name", "type"}
		return s.eachTable(func(db *database, t *table) (rows []row) {
			for _, c := range t.columns {
				rows = append(rows, row{"database": db.name, "table": t.name, "name": c.name, "type": c.kind})
			}
			return rows
		}), columns, nil
	case "parts":
		columns := []string{"database", "table", "name", "active", "rows", "path"}
		return s.eachTable(func(db *database, t *table) (rows []row) {
			for _, p := range t.parts {
				rows = append(rows, row{"database": db.name, "table": t.name, "name": p.name(), "active": boolean(true),
					"rows": number64(p.rows), "path": t.dir + "/" + p.name() + "/"})
			}
			return rows
		}), columns, nil
	case "disks":
		var fs syscall.Statfs_t
		if err := syscall.Statfs(st.dir, &fs); err != nil {
			return nil, nil, fmt.Errorf("statfs: %w", err)
		}
		r := row{"name": "default", "path": st.dir + "/", "free_space": number64(int(fs.Bavail) * int(fs.Bsize)), "total_space": number64(int(fs.Blocks) * int(fs.Bsize))}
		return []row{r}, []string{"name", "path", "free_space", "total_space"}, nil
	case "mutations", "merges", "processes", "replicas", "errors":
		return nil, nil, nil
	}
	return nil, nil, fail(60, "UNKNOWN_TABLE", "Table system.%s does not exist", name)
}

func (s *session) eachTable(rowsOf func(*database, *table) []row) []row {
	var rows []row
	for _, db := range sorted(s.server.store.databases) {
		for _, t := range sorted(db.tables) {
			rows = append(rows, rowsOf(db, t)...)
		}
	}
	return rows
}

func sorted[T any](m map[string]T) []T {
	var all []T
	for _, name := range slices.Sorted(maps.Keys(m)) {
		all = append(all, m[name])
	}
	return all
}

// engineName is the engine without its arguments and clauses.
func engineName(engine string) string {
	for i := range len(engine) {
		if !isWordStart(engine[i]) && !isDigit(engine[i]) {
			return engine[:i]
		}
	}
	return engine
}
