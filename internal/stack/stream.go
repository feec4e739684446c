package stack

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/moby/moby/api/types/jsonstream"
)

// messages decodes the answer of a long work of the Engine (pull, build,
// import) and gives each message to visit. A message that tells a failure
// ends it.
func messages(ctx context.Context, e *Engine, from io.Reader, visit func(jsonstream.Message)) error {
	decoder := json.NewDecoder(from)
	for {
		var m jsonstream.Message
		err := decoder.Decode(&m)
		switch {
		case errors.Is(err, io.EOF):
			return ctx.Err()
		case err != nil && ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return e.lost(ctx, err)
		case m.Error != nil:
			return m.Error
		}
		visit(m)
	}
}

func streamError(ctx context.Context, e *Engine, from io.Reader) error {
	return messages(ctx, e, from, func(jsonstream.Message) {})
}
