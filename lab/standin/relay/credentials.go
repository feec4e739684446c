package relay

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// identity is credentials.json.
type identity struct {
	SecretKey string `json:"secret_key"`
	PublicKey string `json:"public_key"`
	ID        string `json:"id"`
}

func newIdentity() (identity, error) {
	public, secret, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return identity{}, fmt.Errorf("make a key: %w", err)
	}
	var u [16]byte
	rand.Read(u[:]) //nolint:errcheck // never returns an error
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	return identity{
		SecretKey: base64.RawURLEncoding.EncodeToString(secret.Seed()), PublicKey: base64.RawURLEncoding.EncodeToString(public),
		ID: fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:]),
	}, nil
}

// credentials answers `credentials generate|show|remove`.
func credentials(p *proc.Proc, dir string, f proc.Flags) error {
	path := filepath.Join(dir, "credentials.json")
	switch f.Word(1) {
	case "generate":
		return generate(p, path, f)
	case "show":
		id, err := readCredentials(dir)
		if err != nil {
			return proc.Exit(1, "error: no stored credentials: %v", err)
		}
		p.Printf("Credentials:\n  relay id: %s\n  public key: %s\n", id.ID, id.PublicKey)
		return nil
	case "remove":
		return os.Remove(path)
	}
	return proc.Exit(2, "error: 'relay credentials' requires a subcommand: generate, show, remove")
}

func generate(p *proc.Proc, path string, f proc.Flags) error {
	// Relay reads what is there even when it writes to stdout only.
	if data, err := os.ReadFile(path); err == nil && !f.Has("overwrite") {
		if json.Unmarshal(data, &identity{}) != nil {
			return proc.Exit(1, "error: could not load config file: %s is no JSON", path)
		}
		if !f.Has("stdout") {
			return proc.Exit(1, "error: aborting because credentials already exist. Pass --overwrite to force.")
		}
	}
	id, err := newIdentity()
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(id, "", "  ")
	if err != nil {
		return err
	}
	if f.Has("stdout") {
		p.Printf("%s\n", data)
		return nil
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("write credentials: %w", err)
	}
	p.Printf("Generated new credentials\n  relay id: %s\n  public key: %s\n", id.ID, id.PublicKey)
	return nil
}

func readCredentials(dir string) (identity, error) {
	var id identity
	data, err := os.ReadFile(filepath.Join(dir, "credentials.json"))
	if err != nil {
		return id, err
	}
	if json.Unmarshal(data, &id) != nil || id.SecretKey == "" || id.PublicKey == "" || id.ID == "" {
		return id, errors.New("credentials.json is not complete")
	}
	return id, nil
}
