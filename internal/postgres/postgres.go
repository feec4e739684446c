// Package postgres owns a short talk with a PostgreSQL server in the server's own
// protocol (version 3.0): questions whose answer is one value, in a session that
// cannot write, with a server that asks for no password. All else is psql's.
package postgres

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// Options are those of a session that cannot write, and whose server ends a
// query after some seconds.
const Options = "-c default_transaction_read_only=on -c statement_timeout=4000"

const protocol = 3 << 16

// maxMessage bounds what a server may say at once.
const maxMessage = 1 << 20

// Ask puts queries to the server behind conn, and gives the first value of the
// answer to each. A query that fails or has no answer has none in the result.
func Ask(conn io.ReadWriter, user string, queries map[string]string) (map[string]string, error) {
	s := session{conn}
	begin := binary.BigEndian.AppendUint32(nil, protocol)
	for _, text := range []string{"user", user, "options", Options, ""} {
		begin = append(append(begin, text...), 0)
	}
	// Only the first message has no kind.
	if _, err := conn.Write(sized(nil, begin)); err != nil {
		return nil, err
	}
	if _, _, err := s.answer(); err != nil {
		return nil, err
	}
	values := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(queries)) {
		if _, err := conn.Write(sized([]byte{'Q'}, append([]byte(queries[name]), 0))); err != nil {
			return nil, err
		}
		value, ok, err := s.answer()
		if err != nil {
			return nil, err
		}
		if ok {
			values[name] = value
		}
	}
	_, err := conn.Write(sized([]byte{'X'}, nil)) // farewell
	return values, err
}

// sized puts the length before what is said; it counts itself.
func sized(kind, body []byte) []byte {
	return append(binary.BigEndian.AppendUint32(kind, uint32(len(body)+4)), body...)
}

type session struct{ conn io.Reader }

// answer reads until the server is ready for the next query, and returns the
// first value of the first row.
func (s session) answer() (value string, ok bool, err error) {
	failed := false
	for {
		kind, body, err := s.receive()
		if err != nil {
			return "", false, err
		}
		switch kind {
		case 'R': // authentication; 0 is that all is well
			if !bytes.Equal(body, []byte{0, 0, 0, 0}) {
				return "", false, errors.New("the server asks for a password")
			}
		case 'E':
			failed = true
		case 'D':
			if !ok {
				value, ok = first(body)
			}
		case 'Z':
			return value, ok && !failed, nil
		}
	}
}

func (s session) receive() (kind byte, body []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(s.conn, head[:]); err != nil {
		return 0, nil, err
	}
	size := binary.BigEndian.Uint32(head[1:])
	if size < 4 || size > maxMessage {
		return 0, nil, fmt.Errorf("the server says %d bytes at once", size)
	}
	body = make([]byte, size-4)
	_, err = io.ReadFull(s.conn, body)
	return head[0], body, err
}

// first reads the first value of a row: the number of values, then each with
// its size, which is negative for NULL.
func first(row []byte) (value string, ok bool) {
	if len(row) < 6 {
		return "", false
	}
	size := int(int32(binary.BigEndian.Uint32(row[2:])))
	if size < 0 || size > len(row)-6 {
		return "", false
	}
	return string(row[6 : 6+size]), true
}
