package relay

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// parsed is what a request brings.
type parsed struct {
	eventID string
	key     string // of an envelope's own DSN
	items   []item
}

const maxBody = 20 << 20

func readBody(req *http.Request) ([]byte, error) {
	var body io.Reader = req.Body
	var err error
	switch enc := req.Header.Get("Content-Encoding"); enc {
	case "", "identity":
	case "gzip":
		body, err = gzip.NewReader(body)
	case "deflate":
		body, err = zlib.NewReader(body)
	default:
		return nil, fmt.Errorf("content encoding %q is not known", enc)
	}
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(body, maxBody+1))
	if err == nil && len(data) > maxBody {
		err = errors.New("payload too large")
	}
	return data, err
}

// keyOf finds the public key in the places where SDKs put it.
func keyOf(req *http.Request) string {
	if k := req.URL.Query().Get("sentry_key"); k != "" {
		return k
	}
	for _, h := range []string{"X-Sentry-Auth", "Authorization"} {
		rest, ok := strings.CutPrefix(req.Header.Get(h), "Sentry ")
		for _, part := range strings.Split(rest, ",") {
			if name, v, _ := strings.Cut(strings.TrimSpace(part), "="); ok && name == "sentry_key" {
				return v
			}
		}
	}
	return ""
}

// parseEvent reads the body of the store endpoint.
func parseEvent(body []byte) (parsed, error) {
	var head struct {
		EventID string `json:"event_id"`
		Type    string `json:"type"`
	}
	if err := json.Unmarshal(body, &head); err != nil {
		return parsed{}, errors.New("invalid event envelope: invalid json")
	}
	in := parsed{eventID: cleanID(head.EventID)}
	in.items = []item{newItem(kindOf(head.Type), in.eventID, body)}
	return in, nil
}

// kindOf says which consumers' business an item is.
func kindOf(kind string) string {
	switch kind {
	case "transaction", "attachment", "feedback":
		return kind
	}
	return "event"
}

func newItem(kind, id string, payload []byte) item {
	it := item{}
	it.Type, it.EventID, it.Payload = kind, id, bytes.Clone(payload)
	return it
}

// cleanID gives an event without a usable id a new one.
func cleanID(id string) string {
	id = strings.ToLower(strings.ReplaceAll(id, "-", ""))
	if len(id) != 32 || strings.Trim(id, "0123456789abcdef") != "" {
		return newEventID()
	}
	return id
}

// parseEnvelope reads a header line and then items, each a header line and a
// payload of the length that it says, or up to the end of the line. Items
// that are neither events nor transactions are taken and forgotten: nothing
// in the lab looks for them.
func parseEnvelope(body []byte) (parsed, error) {
	var head struct {
		EventID string `json:"event_id"`
		DSN     string `json:"dsn"`
	}
	line, rest := cutLine(body)
	if err := json.Unmarshal(line, &head); err != nil {
		return parsed{}, errors.New("invalid event envelope: invalid envelope header")
	}
	in := parsed{eventID: cleanID(head.EventID)}
	if _, after, ok := strings.Cut(head.DSN, "://"); ok {
		in.key, _, _ = strings.Cut(after, "@")
		in.key, _, _ = strings.Cut(in.key, ":")
	}
	for len(bytes.TrimSpace(rest)) > 0 {
		var it struct {
			Type   string `json:"type"`
			Length *int   `json:"length"`
		}
		line, rest = cutLine(rest)
		if err := json.Unmarshal(line, &it); err != nil {
			return parsed{}, errors.New("invalid event envelope: invalid item header")
		}
		payload, left := cutLine(rest)
		if it.Length != nil {
			if *it.Length < 0 || *it.Length > len(rest) {
				return parsed{}, errors.New("invalid event envelope: payload shorter than its length")
			}
			payload, left = rest[:*it.Length], bytes.TrimPrefix(rest[*it.Length:], []byte("\n"))
		}
		rest = left
		if it.Type == "event" || it.Type == "transaction" || it.Type == "feedback" {
			if !json.Valid(payload) {
				return parsed{}, errors.New("invalid event envelope: invalid json")
			}
			in.items = append(in.items, newItem(it.Type, in.eventID, payload))
		}
	}
	return in, nil
}

func cutLine(b []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(b, []byte("\n"))
	return line, rest
}
