package install

import (
	"bytes"
	"context"
	"encoding/json"
	"os"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/workload"
)

const relayFile = "relay/credentials.json"

// relayCredentials lets relay make its key pair once. The file is read by
// relay's own user inside the container, so it is not 0600 (ADR 0003).
func relayCredentials() Step {
	return Step{
		ID: "relay-credentials", Title: "Make relay's credentials", Idempotent: true,
		Skip: hasService("relay"),
		Done: func(_ context.Context, e *Env) (bool, error) {
			data, err := os.ReadFile(e.Site.Path(relayFile))
			return err == nil && relayKeys(data) == nil, nil
		},
		Run: func(ctx context.Context, e *Env) error {
			out, err := e.oneOffOutput(ctx, workload.OneOff{
				Service: "relay", Name: "relay-credentials", NoDeps: true, Quiet: true,
				Command: []string{"credentials", "generate", "--stdout"},
			})
			if err != nil {
				return err
			}
			// An entrypoint may talk before relay does (certificate updates).
			if i := bytes.IndexByte(out, '{'); i > 0 {
				out = out[i:]
			}
			if err := relayKeys(out); err != nil {
				return err
			}
			return site.WriteFile(e.Site.Path(relayFile), out, 0o644)
		},
	}
}

// relayKeys tells what is wrong with a credentials file, without quoting it.
func relayKeys(data []byte) error {
	var c struct {
		SecretKey string `json:"secret_key"`
		PublicKey string `json:"public_key"`
		ID        string `json:"id"`
	}
	if err := json.Unmarshal(data, &c); err != nil || c.SecretKey == "" || c.PublicKey == "" || c.ID == "" {
		return fault.New(fault.Resumable, "Look at the relay image: docker compose run --rm --no-deps relay credentials generate --stdout",
			"relay did not write credentials with secret_key, public_key and id")
	}
	return nil
}
