// Package nodestore keeps the bodies of events where Sentry's configuration
// says: in PostgreSQL or, from 25.9.0 on, in an S3 bucket.
package nodestore

import (
	"context"
	"crypto/md5" //nolint:gosec // names an object, as upstream's nodestore does
	"encoding/hex"
	"errors"
	"fmt"
	"path"

	"github.com/sentryctl/sentryctl/lab/standin/sentry/conf"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/db"
)

// Store keeps bodies by node.
type Store struct {
	db *db.DB
	s3 *client
	// readThrough looks into PostgreSQL for bodies from before the move.
	readThrough bool
}

// New returns the store of the settings.
func New(s conf.Settings, d *db.DB) *Store {
	st := &Store{db: d}
	if s.S3 != nil {
		st.s3, st.readThrough = newClient(*s.S3), s.S3.ReadThrough
	}
	return st
}

// ErrNotFound says that there is no such body.
var ErrNotFound = errors.New("no such body")

// ID names the node of an event.
func ID(project int64, event string) string {
	sum := md5.Sum(fmt.Appendf(nil, "%d:%s", project, event)) //nolint:gosec // see above
	return hex.EncodeToString(sum[:])
}

// Put stores a body under a node.
func (s *Store) Put(ctx context.Context, id string, body []byte) error {
	if s.s3 != nil {
		return s.s3.put(ctx, s.object(id), body)
	}
	return s.db.PutNode(ctx, id, body)
}

// Get returns the body of a node.
func (s *Store) Get(ctx context.Context, id string) ([]byte, error) {
	if s.s3 != nil {
		body, err := s.s3.get(ctx, s.object(id))
		if !errors.Is(err, ErrNotFound) || !s.readThrough {
			return body, err
		}
	}
	body, err := s.db.Node(ctx, id)
	if db.IsMissing(err) {
		return nil, ErrNotFound
	}
	return body, err
}

func (s *Store) object(id string) string { return path.Join(s.s3.conf.Path, id) }
