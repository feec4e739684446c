package clickhouse

import (
	"slices"
	"strings"
)

// query runs a SELECT.
func (s *session) query(st *statement) (*result, error) {
	rows, columns, err := s.source(st)
	if err != nil {
		return nil, err
	}
	st.exprs = spread(st.exprs, columns)
	groups, err := s.grouped(st, rows)
	if err != nil {
		return nil, err
	}
	if err := s.sort(st, groups); err != nil {
		return nil, err
	}
	groups = groups[min(st.offset, len(groups)):]
	if st.limit >= 0 {
		groups = groups[:min(st.limit, len(groups))]
	}
	res := &result{format: st.format}
	for _, e := range st.exprs {
		res.titles = append(res.titles, e.title)
	}
	for _, g := range groups {
		line := make([]any, len(st.exprs))
		for i, e := range st.exprs {
			if line[i], err = s.value(e, g); err != nil {
				return nil, err
			}
		}
		res.rows = append(res.rows, line)
	}
	return res, nil
}

// source are the rows that WHERE leaves, and the names of their columns.
func (s *session) source(st *statement) ([]row, []string, error) {
	var rows []row
	visit := func(r row) error {
		if st.where != nil {
			v, err := s.value(*st.where, []row{r})
			if err != nil || !truth(v) {
				return err
			}
		}
		rows = append(rows, r)
		return nil
	}
	switch {
	case st.target.table == "":
		err := visit(row{})
		return rows, nil, err
	case st.target.database == "system":
		all, columns, err := s.system(st.target.table)
		for _, r := range all {
			if err == nil {
				err = visit(r)
			}
		}
		return rows, columns, err
	}
	t, _, err := s.table(st.target)
	if err != nil {
		return nil, nil, err
	}
	var columns []string
	for _, c := range t.columns {
		columns = append(columns, c.name)
	}
	err = t.scan(visit)
	return rows, columns, err
}

// spread replaces * by the columns.
func spread(exprs []expr, columns []string) []expr {
	var out []expr
	for _, e := range exprs {
		if e.column != "*" {
			out = append(out, e)
			continue
		}
		for _, c := range columns {
			out = append(out, expr{column: c, title: c})
		}
	}
	return out
}

// grouped makes a group of each row, or of equal ones where the statement
// aggregates.
func (s *session) grouped(st *statement, rows []row) ([][]row, error) {
	switch {
	case len(st.groups) > 0:
	case slices.ContainsFunc(st.exprs, hasAggregate):
		return [][]row{rows}, nil
	default:
		groups := make([][]row, len(rows))
		for i := range rows {
			groups[i] = rows[i : i+1]
		}
		return groups, nil
	}
	var groups [][]row
	place := map[string]int{}
	for _, r := range rows {
		var key strings.Builder
		for _, e := range st.groups {
			v, err := s.value(e, []row{r})
			if err != nil {
				return nil, err
			}
			key.WriteString(show(v) + "\x00")
		}
		i, known := place[key.String()]
		if !known {
			i = len(groups)
			place[key.String()] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], r)
	}
	return groups, nil
}

// sort orders by expressions; a name may be that of a result column.
func (s *session) sort(st *statement, groups [][]row) error {
	if len(st.order) == 0 {
		return nil
	}
	titles := map[string]expr{}
	for _, e := range st.exprs {
		titles[e.title] = e
	}
	var failed error
	slices.SortStableFunc(groups, func(a, b []row) int {
		for _, o := range st.order {
			by := o.by
			if e, ok := titles[by.title]; ok {
				by = e
			}
			x, err1 := s.value(by, a)
			y, err2 := s.value(by, b)
			for _, err := range []error{err1, err2} {
				if err != nil {
					failed = err
				}
			}
			if c := compare(x, y); c != 0 {
				if o.desc {
					return -c
				}
				return c
			}
		}
		return 0
	})
	return failed
}
