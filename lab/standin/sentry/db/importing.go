package db

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Import puts a fixture's rows into the database, all or none, and returns
// how many were new. What exists by its natural key (e-mail, slug, public
// key) stays, unless the scope overwrites; rows that point to it are bent to
// it. Primary keys stay where they are free, so that DSNs keep their project.
func (d *DB) Import(ctx context.Context, s Scope, objects []Object) (int, error) {
	byModel := map[string][]Object{}
	for _, o := range objects {
		byModel[o.Model] = append(byModel[o.Model], o)
	}
	imp := importer{scope: s, ids: map[string]map[int64]int64{}}
	err := d.inTx(ctx, func(tx pgx.Tx) error {
		for _, m := range models() {
			if !s.has(m) {
				continue
			}
			if err := imp.model(ctx, tx, m, byModel[m.name]); err != nil {
				return fmt.Errorf("import %s: %w", m.name, err)
			}
		}
		return nil
	})
	return imp.added, err
}

type importer struct {
	scope Scope
	ids   map[string]map[int64]int64 // fixture's key to the database's, by model
	added int
}

func (i *importer) model(ctx context.Context, tx pgx.Tx, m model, objects []Object) error {
	i.ids[m.name] = map[int64]int64{}
	kept := map[string]map[int64]bool{}
	for _, parent := range m.refs {
		kept[parent] = map[int64]bool{}
		for id := range i.ids[parent] {
			kept[parent][id] = true
		}
	}
	for _, o := range objects {
		if !i.scope.keeps(m, o, kept) {
			continue
		}
		if err := i.row(ctx, tx, m, o); err != nil {
			return err
		}
	}
	if len(objects) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, fmt.Sprintf("SELECT setval(pg_get_serial_sequence('%[1]s', 'id'), (SELECT max(id) FROM %[1]s))", m.table))
	return err
}

func (i *importer) row(ctx context.Context, tx pgx.Tx, m model, o Object) error {
	for column, parent := range m.refs {
		if id, set := number(o.Fields[column]); set {
			o.Fields[column] = json.RawMessage(strconv.FormatInt(i.ids[parent][id], 10))
		}
	}
	id, err := find(ctx, tx, m, o)
	switch {
	case err == nil:
		i.ids[m.name][o.PK] = id
		if i.scope.Overwrite {
			return update(ctx, tx, m, id, o)
		}
		return nil
	case !errors.Is(err, pgx.ErrNoRows):
		return err
	}
	i.added++
	id, err = insert(ctx, tx, m, o)
	i.ids[m.name][o.PK] = id
	return err
}

// find looks for the row by its natural key. Names of tables and columns come
// from the list of models and from the database, never from the fixture.
func find(ctx context.Context, tx pgx.Tx, m model, o Object) (int64, error) {
	fields, err := json.Marshal(o.Fields)
	if err != nil {
		return 0, err
	}
	var same []string
	for _, c := range m.natural {
		same = append(same, "t."+c+" = f."+c)
	}
	var id int64
	err = tx.QueryRow(ctx, fmt.Sprintf("SELECT t.id FROM %[1]s t, json_populate_record(null::%[1]s, $1::json) f WHERE %s", m.table, strings.Join(same, " AND ")),
		string(fields)).Scan(&id)
	return id, err
}

// columns are those of the fixture that this version's table has.
func columns(ctx context.Context, tx pgx.Tx, m model, o Object) ([]string, error) {
	rows, err := tx.Query(ctx, "SELECT column_name::text FROM information_schema.columns WHERE table_name = $1 AND table_schema = current_schema()", m.table)
	if err != nil {
		return nil, err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	var have []string
	for _, n := range names {
		if _, ok := o.Fields[n]; ok && n != "id" {
			have = append(have, n)
		}
	}
	return have, err
}

func insert(ctx context.Context, tx pgx.Tx, m model, o Object) (int64, error) {
	cols, err := columns(ctx, tx, m, o)
	if err != nil {
		return 0, err
	}
	fields, err := json.Marshal(o.Fields)
	if err != nil {
		return 0, err
	}
	list := strings.Join(cols, ", ")
	var id int64
	err = tx.QueryRow(ctx, fmt.Sprintf(`INSERT INTO %[1]s (id, %[2]s)
		SELECT CASE WHEN EXISTS (SELECT 1 FROM %[1]s WHERE id = $2) THEN (SELECT max(id) + 1 FROM %[1]s) ELSE $2 END, %[2]s
		FROM json_populate_record(null::%[1]s, $1::json) RETURNING id`, m.table, list), string(fields), o.PK).Scan(&id)
	return id, err
}

func update(ctx context.Context, tx pgx.Tx, m model, id int64, o Object) error {
	cols, err := columns(ctx, tx, m, o)
	if err != nil || len(cols) == 0 {
		return err
	}
	fields, err := json.Marshal(o.Fields)
	if err != nil {
		return err
	}
	list := strings.Join(cols, ", ")
	_, err = tx.Exec(ctx, fmt.Sprintf("UPDATE %[1]s SET (%[2]s) = (SELECT %[2]s FROM json_populate_record(null::%[1]s, $1::json)) WHERE id = $2", m.table, list),
		string(fields), id)
	return err
}
