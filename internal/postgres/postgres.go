// Package postgres owns a short talk with a PostgreSQL server that asks for no
// password: questions whose answer is one value, in a session that cannot write.
// All else is psql's.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
)

// Options are those of a session that cannot write, and whose server ends a
// query after some seconds.
const Options = "-c default_transaction_read_only=on -c statement_timeout=4000"

// Ask puts queries to the server that dial leads to, and gives the first value of
// the answer to each. A query that fails or has no answer has none in the result. With an
// error come the answers so far.
func Ask(ctx context.Context, dial func(context.Context) (net.Conn, error), user string, queries map[string]string) (map[string]string, error) {
	c, err := pgconn.ParseConfig("host=/") // a socket, so no TLS
	if err != nil {
		return nil, fmt.Errorf("prepare a session with PostgreSQL: %w", err)
	}
	// Of what this process's environment says of other servers, nothing holds.
	c.User, c.Password, c.Database, c.Fallbacks = user, "", "", nil
	c.RuntimeParams = map[string]string{"options": Options}
	c.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) }
	conn, err := pgconn.ConnectConfig(ctx, c)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	values := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(queries)) {
		results, err := conn.Exec(ctx, queries[name]).ReadAll()
		var refused *pgconn.PgError
		switch {
		case errors.As(err, &refused):
		case err != nil:
			return values, err
		case len(results) > 0 && len(results[0].Rows) > 0 && len(results[0].Rows[0]) > 0 && results[0].Rows[0][0] != nil:
			values[name] = string(results[0].Rows[0][0])
		}
	}
	return values, nil
}
