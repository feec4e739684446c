package clickhouse

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// server is the database behind all connections.
type server struct {
	mu      sync.RWMutex // held for writing by statements that change data
	store   *store
	version string
	host    string
	started time.Time
}

// session runs statements with a current database.
type session struct {
	server   *server
	database string
}

// result is a table of values with column titles.
type result struct {
	titles []string
	rows   [][]any
	format string
}

// run executes one statement. body is what came beside the SQL text: the
// rows of an INSERT.
func (s *session) run(sql, body string) (*result, error) {
	st, err := parse(sql)
	if err != nil {
		return nil, err
	}
	switch st.verb {
	case "SELECT", "SHOW TABLES", "SHOW DATABASES", "EXISTS", "DESCRIBE":
		s.server.mu.RLock()
		defer s.server.mu.RUnlock()
		return s.ask(st)
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	return &result{}, s.change(st, body)
}

func (s *session) ask(st *statement) (*result, error) {
	switch st.verb {
	case "SHOW DATABASES":
		res := &result{titles: []string{"name"}, format: st.format}
		for _, name := range slices.Sorted(maps.Keys(s.server.store.databases)) {
			res.rows = append(res.rows, []any{name})
		}
		return res, nil
	case "SHOW TABLES":
		db, err := s.db(st.target.database)
		if err != nil {
			return nil, err
		}
		res := &result{titles: []string{"name"}, format: st.format}
		for _, name := range slices.Sorted(maps.Keys(db.tables)) {
			res.rows = append(res.rows, []any{name})
		}
		return res, nil
	case "EXISTS":
		_, _, err := s.table(st.target)
		return &result{titles: []string{"result"}, rows: [][]any{{boolean(err == nil)}}}, nil
	case "DESCRIBE":
		t, _, err := s.table(st.target)
		if err != nil {
			return nil, err
		}
		res := &result{titles: []string{"name", "type"}, format: st.format}
		for _, c := range t.columns {
			res.rows = append(res.rows, []any{c.name, c.kind})
		}
		return res, nil
	}
	return s.query(st)
}

func (s *session) change(st *statement, body string) error {
	switch st.verb {
	case "NOTHING":
		return nil
	case "CREATE DATABASE", "DROP DATABASE":
		return s.changeDatabase(st)
	case "CREATE TABLE":
		return s.createTable(st)
	}
	t, db, err := s.table(st.target)
	if err != nil {
		if st.lenient && isUnknown(err) {
			return nil
		}
		return err
	}
	switch st.verb {
	case "INSERT":
		rows, err := s.insertRows(t, st, body)
		if err != nil {
			return err
		}
		return t.insert(rows)
	case "DROP TABLE":
		return s.server.store.dropTable(db, t)
	case "TRUNCATE TABLE":
		return t.truncate()
	case "FREEZE":
		return t.freeze(s.server.store.dir, st.name)
	case "DELETE":
		return t.deleteWhere(func(r row) (bool, error) {
			v, err := s.value(*st.where, []row{r})
			return truth(v), err
		})
	}
	return fail(48, "NOT_IMPLEMENTED", "%s is not supported", st.verb)
}

func (s *session) changeDatabase(st *statement) error {
	db := s.server.store.databases[st.name]
	switch {
	case st.verb == "CREATE DATABASE" && db == nil:
		return s.server.store.createDatabase(st.name)
	case st.verb == "CREATE DATABASE" && !st.lenient:
		return fail(82, "DATABASE_ALREADY_EXISTS", "Database %s already exists.", st.name)
	case st.verb == "DROP DATABASE" && db == nil && !st.lenient:
		return fail(81, "UNKNOWN_DATABASE", "Database %s does not exist", st.name)
	case st.verb == "DROP DATABASE" && db != nil:
		return s.server.store.dropDatabase(db)
	}
	return nil
}

func (s *session) createTable(st *statement) error {
	db, err := s.db(st.target.database)
	if err != nil {
		return err
	}
	if db.tables[st.target.table] == nil {
		return s.server.store.createTable(db, st)
	}
	if st.lenient {
		return nil
	}
	return fail(57, "TABLE_ALREADY_EXISTS", "Table %s.%s already exists", db.name, st.target.table)
}

func (s *session) db(name string) (*database, error) {
	name = cmp.Or(name, s.database)
	if db := s.server.store.databases[name]; db != nil {
		return db, nil
	}
	return nil, fail(81, "UNKNOWN_DATABASE", "Database %s does not exist", name)
}

func (s *session) table(at target) (*table, *database, error) {
	db, err := s.db(at.database)
	if err != nil {
		return nil, nil, err
	}
	if t := db.tables[at.table]; t != nil {
		return t, db, nil
	}
	return nil, nil, fail(60, "UNKNOWN_TABLE", "Table %s.%s does not exist", db.name, at.table)
}

func isUnknown(err error) bool {
	e, ok := err.(*exception)
	return ok && (e.code == 60 || e.code == 81)
}

// insertRows reads the rows of an INSERT from the statement and the body.
func (s *session) insertRows(t *table, st *statement, body string) ([]row, error) {
	var rows []row
	switch st.format {
	case "JSONEACHROW":
		data := strings.TrimSuffix(strings.TrimSpace(st.data), ";") + "\n" + body
		err := decodeRows(strings.NewReader(data), func(r row) error { rows = append(rows, r); return nil })
		return rows, err
	case "VALUES":
		return s.values(t, st, st.data+body)
	}
	return nil, fail(73, "UNKNOWN_FORMAT", "Unknown format %s", st.format)
}

// values reads (…), (…) with literals.
func (s *session) values(t *table, st *statement, text string) ([]row, error) {
	fields := st.fields
	if len(fields) == 0 {
		for _, c := range t.columns {
			fields = append(fields, c.name)
		}
	}
	p := &parser{src: text}
	p.next()
	var rows []row
	for p.err == nil && p.mark("(") {
		list := p.list()
		if len(list) != len(fields) && p.err == nil {
			return nil, fail(62, "SYNTAX_ERROR", "Cannot parse VALUES: got %d values, want %d", len(list), len(fields))
		}
		r := row{}
		for i, e := range list {
			v, err := s.value(e, nil)
			if err != nil {
				return nil, err
			}
			r[fields[i]] = v
		}
		rows = append(rows, r)
		p.mark(",")
	}
	return rows, p.err
}
