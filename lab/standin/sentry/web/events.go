package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/lab/standin/sentry/db"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/nodestore"
)

// event shows an event that both Snuba and the nodestore have: who finds it
// knows that it took the whole path.
func (s *Server) event(w http.ResponseWriter, r *http.Request) {
	p, ok := s.findProject(w, r)
	if !ok {
		return
	}
	id, ok := eventID(r.PathValue("event"))
	if !ok {
		fail(w, http.StatusNotFound, "Event not found")
		return
	}
	row, err := s.askSnuba(r.Context(), p.ID, id)
	if err != nil {
		s.lost(w, err)
		return
	}
	body, err := s.Nodes.Get(r.Context(), nodestore.ID(p.ID, id))
	if err != nil {
		s.lost(w, err)
		return
	}
	shown, err := eventJSON(p.ID, id, row, body)
	if err != nil {
		s.broken(w, err)
		return
	}
	answer(w, http.StatusOK, shown)
}

func (s *Server) lost(w http.ResponseWriter, err error) {
	if errors.Is(err, db.ErrNotFound) || errors.Is(err, nodestore.ErrNotFound) {
		fail(w, http.StatusNotFound, "Event not found")
		return
	}
	s.broken(w, err)
}

// eventID takes the 32 hexadecimal digits, with or without dashes.
func eventID(s string) (string, bool) {
	s = strings.ToLower(strings.ReplaceAll(s, "-", ""))
	return s, len(s) == 32 && strings.Trim(s, "0123456789abcdef") == ""
}

const snubaTimeout = 10 * time.Second

// askSnuba returns the row of an event, or db.ErrNotFound.
func (s *Server) askSnuba(ctx context.Context, project int64, id string) (map[string]any, error) {
	ctx, cancel := context.WithTimeout(ctx, snubaTimeout)
	defer cancel()
	query, err := json.Marshal(map[string]any{
		"query":      fmt.Sprintf("MATCH (events) SELECT event_id, group_id, timestamp WHERE project_id = %d AND event_id = '%s' LIMIT 1", project, id),
		"tenant_ids": map[string]any{"referrer": "eventstore.get_event_by_id"},
	})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Settings.Snuba+"/events/snql", bytes.NewReader(query))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask snuba: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("ask snuba: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ask snuba: %s", resp.Status)
	}
	var result struct {
		Data []map[string]any `json:"data"`
	}
	numbers := json.NewDecoder(bytes.NewReader(body))
	numbers.UseNumber() // groups are larger than a float prints
	if err := numbers.Decode(&result); err != nil {
		return nil, fmt.Errorf("ask snuba: %w", err)
	}
	if len(result.Data) == 0 {
		return nil, db.ErrNotFound
	}
	return result.Data[0], nil
}

// eventJSON is the event in the form of the API.
func eventJSON(project int64, id string, row map[string]any, body []byte) (map[string]any, error) {
	var data map[string]any
	if err := json.Unmarshal(body, &data); err != nil {
		return nil, fmt.Errorf("body of event %s: %w", id, err)
	}
	message := Message(data)
	return map[string]any{
		"id": id, "eventID": id, "projectID": fmt.Sprint(project), "groupID": fmt.Sprint(row["group_id"]), "dateCreated": row["timestamp"],
		"title": message, "message": message, "platform": data["platform"], "type": "error", "tags": data["tags"], "contexts": data["contexts"],
		"extra": data["extra"], "size": len(body),
	}, nil
}

// Message is an event's text: its message, however an SDK spells that, or
// its exception.
func Message(data map[string]any) string {
	if s, ok := data["message"].(string); ok {
		return s
	}
	for _, key := range []string{"message", "logentry"} {
		m, _ := data[key].(map[string]any)
		for _, part := range []string{"formatted", "message"} {
			if s, ok := m[part].(string); ok {
				return s
			}
		}
	}
	if ex, ok := data["exception"].(map[string]any); ok {
		if values, ok := ex["values"].([]any); ok && len(values) > 0 {
			if v, ok := values[len(values)-1].(map[string]any); ok {
				return fmt.Sprintf("%v: %v", v["type"], v["value"])
			}
		}
	}
	return "<unlabeled event>"
}
