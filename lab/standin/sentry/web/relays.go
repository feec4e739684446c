package web

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"github.com/sentryctl/sentryctl/lab/standin/sentry/db"
)

func (s *Server) relayLive(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]bool{"is_healthy": true})
}

type relayIdentity struct {
	ID        string `json:"relay_id"`
	PublicKey string `json:"public_key"`
	Token     string `json:"token"`
}

// relayChallenge starts to make a relay known. Signatures are not checked:
// inside of a stack every relay is ours.
func (s *Server) relayChallenge(w http.ResponseWriter, r *http.Request) {
	var id relayIdentity
	if !readJSON(w, r, &id) {
		return
	}
	answer(w, http.StatusOK, map[string]string{"relay_id": id.ID, "token": s.seal(id.ID)})
}

func (s *Server) relayResponse(w http.ResponseWriter, r *http.Request) {
	var id relayIdentity
	if !readJSON(w, r, &id) {
		return
	}
	if known, ok := s.unseal(id.Token); !ok || known != id.ID || id.ID == "" {
		fail(w, http.StatusForbidden, "Bad token")
		return
	}
	if err := s.DB.AddRelay(r.Context(), id.ID, id.PublicKey); err != nil {
		s.broken(w, err)
		return
	}
	answer(w, http.StatusOK, map[string]string{"relay_id": id.ID, "version": s.Settings.Version})
}

// relayConfigs tells relay which project each key belongs to; null for a key
// that nobody has.
func (s *Server) relayConfigs(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		PublicKeys []string `json:"publicKeys"`
	}
	if !readJSON(w, r, &ask) {
		return
	}
	configs := map[string]any{}
	for _, key := range ask.PublicKeys {
		project, org, err := s.DB.ProjectOfKey(r.Context(), key)
		switch {
		case db.IsMissing(err):
			configs[key] = nil
		case err != nil:
			s.broken(w, err)
			return
		default:
			configs[key] = map[string]any{
				"projectId": project, "organizationId": org, "disabled": false, "slug": strconv.FormatInt(project, 10),
				"publicKeys": []map[string]any{{"publicKey": key, "isEnabled": true}},
			}
		}
	}
	answer(w, http.StatusOK, map[string]any{"configs": configs})
}

func readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	if err != nil {
		fail(w, http.StatusBadRequest, "No data supplied")
	}
	return err == nil
}
