package clickhouse

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/google/uuid"
)

// store is the data directory, laid out as ClickHouse does it:
// metadata/DB.sql, metadata/DB → store/xxx/UUID/ with TABLE.sql, and the
// tables' own folders store/xxx/UUID/ with their parts.
type store struct {
	dir       string
	lock      *os.File
	databases map[string]*database
}

type database struct {
	name, uuid string
	tables     map[string]*table
}

// openStore reads the directory or makes a new one. Only one server may have
// it open.
func openStore(dir, version string) (*store, error) {
	for _, d := range []string{"", "metadata", "store", "data", "tmp", "shadow"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o750); err != nil {
			return nil, fmt.Errorf("make data directory: %w", err)
		}
	}
	s := &store{dir: dir, databases: map[string]*database{}}
	if err := s.takeLock(version); err != nil {
		return nil, err
	}
	err := takeVersion(dir, version)
	if err == nil {
		err = s.load()
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// takeLock holds the file `status`, as the real server does.
func (s *store) takeLock(version string) error {
	f, err := os.OpenFile(filepath.Join(s.dir, "status"), os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return fmt.Errorf("open status: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return fmt.Errorf("cannot lock %s: another server instance in same directory is already running", f.Name())
	}
	s.lock = f
	if err := f.Truncate(0); err != nil {
		return fmt.Errorf("write status: %w", err)
	}
	if _, err := fmt.Fprintf(f, "PID: %d\nRevision: %s\n", os.Getpid(), version); err != nil {
		return fmt.Errorf("write status: %w", err)
	}
	return nil
}

func (s *store) close() { s.lock.Close() }

// load reads all databases; the first start makes the one called default.
func (s *store) load() error {
	files, err := filepath.Glob(filepath.Join(s.dir, "metadata", "*.sql"))
	if err != nil {
		return err
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".sql")
		id, err := attachedUUID(f)
		if err != nil {
			return err
		}
		db := &database{name: name, uuid: id, tables: map[string]*table{}}
		s.databases[name] = db
		if err := s.loadTables(db); err != nil {
			return fmt.Errorf("database %s: %w", name, err)
		}
	}
	if s.databases["default"] == nil {
		return s.createDatabase("default")
	}
	return nil
}

func (s *store) loadTables(db *database) error {
	files, err := filepath.Glob(filepath.Join(s.place(db.uuid), "*.sql"))
	if err != nil {
		return err
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return fmt.Errorf("read table: %w", err)
		}
		st, err := parse(strings.Replace(string(text), "ATTACH TABLE _", "CREATE TABLE "+quoteName(strings.TrimSuffix(filepath.Base(f), ".sql")), 1))
		if err != nil {
			return fmt.Errorf("read %s: %w", f, err)
		}
		t := &table{name: st.target.table, uuid: st.uuid, engine: st.engine, columns: st.columns, dir: s.place(st.uuid)}
		if t.parts, err = listParts(t.dir); err != nil {
			return fmt.Errorf("table %s: %w", t.name, err)
		}
		db.tables[t.name] = t
	}
	return nil
}

// attachedUUID reads what ATTACH DATABASE … UUID '…' names.
func attachedUUID(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read database: %w", err)
	}
	_, rest, _ := strings.Cut(string(text), "UUID '")
	id, _, found := strings.Cut(rest, "'")
	if !found {
		return "", fmt.Errorf("%s names no UUID", path)
	}
	return id, nil
}

// place is where the thing with the UUID has its files.
func (s *store) place(id string) string { return filepath.Join(s.dir, "store", id[:3], id) }

func (s *store) createDatabase(name string) error {
	id := uuid.NewString()
	if err := os.MkdirAll(s.place(id), 0o750); err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	if err := s.link(s.place(id), filepath.Join("metadata", name)); err != nil {
		return err
	}
	text := fmt.Sprintf("ATTACH DATABASE _ UUID '%s'\nENGINE = Atomic\n", id)
	if err := writeFile(filepath.Join(s.dir, "metadata", name+".sql"), []byte(text)); err != nil {
		return err
	}
	s.databases[name] = &database{name: name, uuid: id, tables: map[string]*table{}}
	return nil
}

func (s *store) createTable(db *database, st *statement) error {
	t := &table{name: st.target.table, uuid: uuid.NewString(), engine: st.engine, columns: st.columns}
	t.dir = s.place(t.uuid)
	if err := os.MkdirAll(t.dir, 0o750); err != nil {
		return fmt.Errorf("create table: %w", err)
	}
	if err := writeFile(filepath.Join(t.dir, "format_version.txt"), []byte("1")); err != nil {
		return err
	}
	if err := s.link(t.dir, filepath.Join("data", db.name, t.name)); err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "ATTACH TABLE _ UUID '%s'\n(\n", t.uuid)
	for i, c := range t.columns {
		comma := ","
		if i == len(t.columns)-1 {
			comma = ""
		}
		fmt.Fprintf(&b, "    %s %s%s\n", quoteName(c.name), c.kind, comma)
	}
	fmt.Fprintf(&b, ")\nENGINE = %s\n", t.engine)
	if err := writeFile(filepath.Join(s.place(db.uuid), t.name+".sql"), []byte(b.String())); err != nil {
		return err
	}
	db.tables[t.name] = t
	return nil
}

func (s *store) dropTable(db *database, t *table) error {
	delete(db.tables, t.name)
	// The .sql file first: a folder without one is only rubbish.
	for _, path := range []string{filepath.Join(s.place(db.uuid), t.name+".sql"), filepath.Join(s.dir, "data", db.name, t.name), t.dir} {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("drop table: %w", err)
		}
	}
	return nil
}

func (s *store) dropDatabase(db *database) error {
	for _, t := range db.tables {
		if err := s.dropTable(db, t); err != nil {
			return err
		}
	}
	delete(s.databases, db.name)
	for _, path := range []string{filepath.Join(s.dir, "metadata", db.name+".sql"), filepath.Join(s.dir, "metadata", db.name), s.place(db.uuid)} {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("drop database: %w", err)
		}
	}
	return nil
}

// link makes a symbolic link for people; the server itself goes by UUID.
func (s *store) link(target, name string) error {
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("link: %w", err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("link: %w", err)
	}
	if err := os.Symlink(target+"/", path); err != nil {
		return fmt.Errorf("link: %w", err)
	}
	return nil
}

func quoteName(name string) string { return "`" + name + "`" }

// writeFile makes a file appear as a whole.
func writeFile(path string, data []byte) error {
	if err := writeStream(path+".tmp", strings.NewReader(string(data))); err != nil {
		return err
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}

func writeStream(path string, r io.Reader) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	_, err = io.Copy(f, r)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}
