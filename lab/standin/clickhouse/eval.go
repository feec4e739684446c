package clickhouse

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"time"
)

// aggregates are the functions over all rows of a group.
var aggregates = map[string]bool{"count": true, "max": true, "min": true, "sum": true, "any": true, "uniq": true, "uniqexact": true}

// hasAggregate says whether the expression is over many rows.
func hasAggregate(e expr) bool {
	if aggregates[e.call] {
		return true
	}
	for _, a := range e.args {
		if hasAggregate(a) {
			return true
		}
	}
	return false
}

// value is the expression's value in a group of rows; columns are those of
// the first row.
func (s *session) value(e expr, group []row) (any, error) {
	switch {
	case e.call == "" && e.column == "":
		return e.literal, nil
	case e.column != "":
		return columnOf(e.column, group)
	case aggregates[e.call]:
		return s.aggregate(e, group)
	}
	args := make([]any, len(e.args))
	for i, a := range e.args {
		v, err := s.value(a, group)
		if err != nil {
			return nil, err
		}
		args[i] = v
	}
	return s.function(e.call, args)
}

func columnOf(name string, group []row) (any, error) {
	if len(group) == 0 {
		return nil, nil
	}
	v, ok := group[0][name]
	if !ok {
		return nil, fail(47, "UNKNOWN_IDENTIFIER", "Unknown expression identifier %s", quoteName(name))
	}
	return v, nil
}

func (s *session) function(name string, args []any) (any, error) {
	switch name {
	case "version":
		return s.server.version, nil
	case "now":
		return time.Now().UTC().Format(time.DateTime), nil
	case "currentdatabase":
		return s.database, nil
	case "hostname":
		return s.server.host, nil
	case "uptime":
		return number64(int(time.Since(s.server.started).Seconds())), nil
	}
	if len(args) == 0 {
		return nil, fail(46, "UNKNOWN_FUNCTION", "Unknown function %s", name)
	}
	switch name {
	case "tostring", "touuid", "toint64", "touint64", "touint32", "todatetime", "assumenotnull":
		return args[0], nil
	case "lower":
		return strings.ToLower(show(args[0])), nil
	case "length":
		return number64(len(show(args[0]))), nil
	case "not":
		return boolean(!truth(args[0])), nil
	case "isnull":
		return boolean(args[0] == nil), nil
	case "in":
		for _, a := range args[1:] {
			if args[0] != nil && compare(args[0], a) == 0 {
				return boolean(true), nil
			}
		}
		return boolean(false), nil
	}
	if len(args) != 2 {
		return nil, fail(46, "UNKNOWN_FUNCTION", "Unknown function %s", name)
	}
	return binary(name, args[0], args[1])
}

func binary(op string, a, b any) (any, error) {
	switch op {
	case "and":
		return boolean(truth(a) && truth(b)), nil
	case "or":
		return boolean(truth(a) || truth(b)), nil
	case "like":
		return boolean(like(show(a), show(b))), nil
	}
	if a == nil || b == nil {
		return nil, nil
	}
	c := compare(a, b)
	switch op {
	case "=", "==":
		return boolean(c == 0), nil
	case "!=", "<>":
		return boolean(c != 0), nil
	case "<":
		return boolean(c < 0), nil
	case ">":
		return boolean(c > 0), nil
	case "<=":
		return boolean(c <= 0), nil
	case ">=":
		return boolean(c >= 0), nil
	}
	return nil, fail(46, "UNKNOWN_FUNCTION", "Unknown function %s", op)
}

func (s *session) aggregate(e expr, group []row) (any, error) {
	if e.call == "count" && (len(e.args) == 0 || e.args[0].column == "*") {
		return number64(len(group)), nil
	}
	if len(e.args) != 1 {
		return nil, fail(42, "NUMBER_OF_ARGUMENTS_DOESNT_MATCH", "Function %s takes one argument", e.call)
	}
	var best any
	sum, n, seen := new(big.Float), 0, map[string]bool{}
	for i := range group {
		v, err := s.value(e.args[0], group[i:i+1])
		if err != nil {
			return nil, err
		}
		if v == nil {
			continue
		}
		n++
		seen[show(v)] = true
		if f, ok := new(big.Float).SetString(show(v)); ok {
			sum.Add(sum, f)
		}
		if n == 1 || e.call == "max" && compare(v, best) > 0 || e.call == "min" && compare(v, best) < 0 {
			best = v
		}
	}
	switch e.call {
	case "count":
		return number64(n), nil
	case "uniq", "uniqexact":
		return number64(len(seen)), nil
	case "sum":
		return json.Number(sum.Text('f', -1)), nil
	}
	if best == nil {
		return zeroNumber, nil
	}
	return best, nil
}

// compare orders numbers as numbers and all else as text.
func compare(a, b any) int {
	x, y := show(a), show(b)
	if f, ok := new(big.Float).SetString(x); ok {
		if g, ok := new(big.Float).SetString(y); ok {
			return f.Cmp(g)
		}
	}
	return strings.Compare(x, y)
}

func like(s, pattern string) bool {
	quoted := regexp.QuoteMeta(pattern)
	re := "(?s)^" + strings.NewReplacer("%", ".*", "_", ".").Replace(quoted) + "$"
	ok, err := regexp.MatchString(re, s)
	return err == nil && ok
}

func truth(v any) bool {
	s := show(v)
	return v != nil && s != "0" && s != ""
}

func boolean(b bool) any {
	if b {
		return json.Number("1")
	}
	return zeroNumber
}

func number64(n int) any { return json.Number(fmt.Sprint(n)) }

// show is the value as text, as TabSeparated has it before escaping.
func show(v any) string {
	switch v := v.(type) {
	case nil:
		return `\N`
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return fmt.Sprint(v)
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(data)
}
