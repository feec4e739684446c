package snuba

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/sentryctl/sentryctl/lab/standin/clickhouse"
	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

const port = "1218"

func api(ctx context.Context, p *proc.Proc) error {
	p.Logf("listening on %s", port)
	return proc.ServeHTTP(ctx, ":"+port, handler(store(p)))
}

func handler(ch clickhouse.Conn) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/health", health(ch))
	mux.HandleFunc("/health_envoy", health(ch))
	mux.HandleFunc("POST /{dataset}/snql", func(w http.ResponseWriter, r *http.Request) { query(w, r, ch) })
	mux.HandleFunc("/{$}", proc.Healthy("Snuba\n"))
	return mux
}

// health looks at ClickHouse only when asked to be thorough, as the real one.
func health(ch clickhouse.Conn) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("thorough") == "true" {
			if _, err := ch.Query(r.Context(), "SELECT count() FROM default.errors_local", ""); err != nil {
				w.WriteHeader(http.StatusBadGateway)
				fmt.Fprintln(w, `{"status": "error", "clickhouse_ok": false}`)
				return
			}
		}
		proc.Healthy("{\"status\": \"ok\"}\n")(w, r)
	}
}

var snql = regexp.MustCompile(`(?is)^\s*MATCH\s*\(\s*(\w+)[^)]*\)\s*SELECT\s+(.*?)\s*(WHERE\s.*)?$`)

// tables are the ClickHouse tables of the entities that can be asked.
var tables = map[string]string{"events": "errors_local", "transactions": "transactions_local"}

// translate makes SQL of a SnQL query, whose conditions read the same.
func translate(q string) (string, error) {
	m := snql.FindStringSubmatch(q)
	if m == nil {
		return "", fmt.Errorf("parsing error on line 1 at %.20q", q)
	}
	table := tables[m[1]]
	if table == "" {
		return "", fmt.Errorf("%s is not a valid entity name", m[1])
	}
	return strings.TrimSpace(fmt.Sprintf("SELECT %s FROM default.%s %s", m[2], table, m[3])), nil
}

func query(w http.ResponseWriter, r *http.Request, ch clickhouse.Conn) {
	var in struct {
		Query string `json:"query"`
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&in)
	var sql string
	if err == nil {
		sql, err = translate(in.Query)
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, "invalid_query", err)
		return
	}
	ch.Format = "JSON"
	out, err := ch.Query(r.Context(), sql, "")
	if err != nil {
		refuse(w, http.StatusInternalServerError, "clickhouse", err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(out) //nolint:errcheck // the peer's loss
}

func refuse(w http.ResponseWriter, status int, kind string, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{"type": kind, "message": err.Error()}}) //nolint:errcheck // the peer's loss
}
