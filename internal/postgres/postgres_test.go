package postgres_test

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/sentryctl/sentryctl/internal/postgres"
)

// server answers each query as its text says.
type server struct {
	password bool // asks for one
	options  string
}

func (s *server) dial(context.Context) (net.Conn, error) {
	here, there := net.Pipe()
	go s.talk(there)
	return here, nil
}

func (s *server) talk(conn net.Conn) {
	defer conn.Close()
	b := pgproto3.NewBackend(conn, conn)
	first, err := b.ReceiveStartupMessage()
	if err != nil {
		return
	}
	s.options = first.(*pgproto3.StartupMessage).Parameters["options"]
	if s.password {
		b.Send(&pgproto3.AuthenticationCleartextPassword{})
	} else {
		b.Send(&pgproto3.AuthenticationOk{})
		b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	}
	for b.Flush() == nil {
		said, err := b.Receive()
		if err != nil {
			return
		}
		q, is := said.(*pgproto3.Query)
		if !is {
			b.Send(&pgproto3.ErrorResponse{Severity: "FATAL", Code: "28P01", Message: "no"})
			continue
		}
		if q.String == "gone" {
			return
		}
		b.Send(&pgproto3.RowDescription{Fields: []pgproto3.FieldDescription{{Name: []byte("count")}}})
		switch q.String {
		case "null":
			b.Send(&pgproto3.DataRow{Values: [][]byte{nil}})
		case "fails":
			b.Send(&pgproto3.DataRow{Values: [][]byte{[]byte("1")}})
			b.Send(&pgproto3.ErrorResponse{Severity: "ERROR", Code: "42P01", Message: "no such table"})
		case "nothing":
		default:
			b.Send(&pgproto3.DataRow{Values: [][]byte{[]byte(q.String)}})
		}
		if q.String != "fails" {
			b.Send(&pgproto3.CommandComplete{CommandTag: []byte("SELECT")})
		}
		b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
	}
}

func TestAsk(t *testing.T) {
	t.Setenv("PGOPTIONS", "-c default_transaction_read_only=off")
	t.Setenv("PGSSLMODE", "require")
	t.Setenv("PGPASSWORD", "of another server")
	for name, c := range map[string]struct {
		password bool
		queries  map[string]string
		want     map[string]string
		error    string
	}{
		"both answer":        {false, map[string]string{"a": "42", "b": "0"}, map[string]string{"a": "42", "b": "0"}, ""},
		"one fails":          {false, map[string]string{"a": "fails", "b": "1"}, map[string]string{"b": "1"}, ""},
		"nothing and NULL":   {false, map[string]string{"a": "nothing", "b": "null"}, map[string]string{}, ""},
		"gone in the middle": {false, map[string]string{"a": "1", "b": "gone", "c": "2"}, map[string]string{"a": "1"}, "closed"},
		"a password":         {true, map[string]string{"a": "1"}, nil, "28P01"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &server{password: c.password}
			got, err := postgres.Ask(t.Context(), s.dial, "postgres", c.queries)
			if (err == nil) != (c.error == "") || err != nil && !strings.Contains(err.Error(), c.error) {
				t.Errorf("error %v, want %q", err, c.error)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			if s.options != postgres.Options {
				t.Errorf("the session has options %q", s.options)
			}
		})
	}
}
