package clickhouse

import "fmt"

// exception is an error in the words and with the number that ClickHouse
// gives it; clients look at the number.
type exception struct {
	code int
	name string
	msg  string
}

func (e *exception) Error() string {
	return fmt.Sprintf("Code: %d. DB::Exception: %s. (%s)", e.code, e.msg, e.name)
}

func fail(code int, name, format string, args ...any) error {
	return &exception{code, name, fmt.Sprintf(format, args...)}
}
