package upgrade

import (
	"bytes"
	"io"
	"strings"

	"github.com/sentryctl/sentryctl/internal/event"
)

// The scripts run in containers of the two releases' own images. A server
// listens on its socket only, and its log quotes no statement: passwords of
// roles and rows pass through. What it holds is told in lines that begin with
// factMark.
const (
	factMark = "sentryctl-fact "

	serve = `set -euo pipefail
export PGUSER="${POSTGRES_USER:-postgres}" PGHOST=/var/run/postgresql PGDATABASE=postgres
serve() {
  docker-entrypoint.sh postgres -c listen_addresses= -c log_min_error_statement=panic -c log_error_verbosity=terse "$@" >/tmp/server.log 2>&1 &
  server=$!
  trap 'rc=$?; kill -INT $server 2>/dev/null || true; wait $server || true; [ $rc = 0 ] || tail -n 20 /tmp/server.log >&2; exit $rc' EXIT
  until [ "$(cat /proc/$server/comm 2>/dev/null)" = postgres ] && pg_isready -q; do
    kill -0 $server
    sleep 0.2
  done
}
databases() { psql -XAtq -c "SELECT datname FROM pg_database WHERE datallowconn ORDER BY datname"; }
facts() {
  psql -XAtq -F ' = ' <<'SQL'
SELECT 'sentryctl-fact database ' || datname, pg_encoding_to_char(encoding) || ' ' || datcollate || ' ' || datctype FROM pg_database WHERE datallowconn;
SELECT 'sentryctl-fact role ' || rolname, rolsuper::text || ' ' || rolcanlogin::text FROM pg_roles WHERE rolname NOT LIKE 'pg\_%';
SQL
  databases | while IFS= read -r db; do
    psql -XAtq -F ' = ' -d "$db" <<'SQL'
SELECT format('SELECT %L, count(*) FROM %I.%I', format('sentryctl-fact rows of %s.%s.%s', current_database(), n.nspname, c.relname), n.nspname, c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)' \gexec
SELECT format('SELECT %L, last_value FROM %I.%I', format('sentryctl-fact sequence %s.%s.%s', current_database(), n.nspname, c.relname), n.nspname, c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S' \gexec
SELECT format('sentryctl-fact indexes of %s.%s', current_database(), n.nspname), count(*)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'i' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)' GROUP BY n.nspname;
SELECT format('sentryctl-fact constraints of %s.%s', current_database(), n.nspname), count(*)
  FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
  WHERE c.contype IN ('p', 'u', 'f', 'c', 'x') AND n.nspname NOT IN ('pg_catalog', 'information_schema') GROUP BY n.nspname;
SELECT format('sentryctl-fact large objects of %s', current_database()), count(*) FROM pg_largeobject_metadata;
SQL
  done
}
`
	// The superuser is there before the dump says so. Its input ends with the one who
	// reads: a server that outlives a kill would share its data with the next one.
	readOut = serve + `serve -c wal_level=logical -c max_replication_slots=10 -c max_wal_senders=10
exec 3<&0
{ cat <&3 >/dev/null; kill -INT $server; } &
facts >&2
pg_dumpall --quote-all-identifiers | LC_ALL=C sed -e '1,/^\\connect/{' -e "/^CREATE ROLE \"$PGUSER\";\$/d" -e '}'
`
	readIn = serve + `serve -c wal_level=minimal -c max_wal_senders=0 -c max_wal_size=4GB -c maintenance_work_mem=256MB
psql -Xq -v ON_ERROR_STOP=1 -v VERBOSITY=terse -o /dev/null
databases | while IFS= read -r db; do psql -Xq -d "$db" -c ANALYZE </dev/null; done
facts
trap - EXIT
kill -INT $server
wait $server
`
)

// teller keeps the facts of what a server says, and passes the rest on.
type teller struct {
	source string
	sink   event.Sink
	facts  map[string]string
	rest   []byte
}

func newTeller(source string, sink event.Sink) *teller {
	return &teller{source: source, sink: sink, facts: map[string]string{}}
}

func (t *teller) Write(p []byte) (int, error) {
	t.rest = append(t.rest, p...)
	for {
		line, rest, whole := bytes.Cut(t.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		t.line(string(line))
		t.rest = rest
	}
}

func (t *teller) line(line string) {
	fact, is := strings.CutPrefix(line, factMark)
	if !is {
		t.sink.Emit(event.Log{Source: t.source, Text: line})
		return
	}
	if i := strings.LastIndex(fact, " = "); i >= 0 {
		t.facts[fact[:i]] = fact[i+3:]
	}
}

// counter tells how much has passed.
type counter struct {
	to    io.Writer
	sink  event.Sink
	bytes int64
	told  int64
}

const tellEvery = 16 << 20

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.bytes += int64(n)
	if c.bytes-c.told >= tellEvery {
		c.told = c.bytes
		c.sink.Emit(event.Progress{Item: postgres, Unit: "bytes", Done: c.bytes})
	}
	return n, err
}
