package bus

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Ingest is what relay puts into the ingest topics: JSON where upstream has
// MessagePack.
type Ingest struct {
	Type      string          `json:"type"` // event, transaction, attachment
	EventID   string          `json:"event_id"`
	ProjectID int64           `json:"project_id"`
	StartTime float64         `json:"start_time"` // seconds since 1970
	Payload   json.RawMessage `json:"payload"`
}

// Event is what Sentry tells Snuba about an event. It travels, as upstream's
// does, as [2, "insert", {…}, {}].
type Event struct {
	EventID        string          `json:"event_id"` // 32 hexadecimal digits
	OrganizationID int64           `json:"organization_id"`
	ProjectID      int64           `json:"project_id"`
	GroupID        int64           `json:"group_id"`
	Datetime       string          `json:"datetime"` // see DatetimeLayout
	Message        string          `json:"message"`
	Platform       string          `json:"platform"`
	PrimaryHash    string          `json:"primary_hash"`
	RetentionDays  int             `json:"retention_days"`
	Data           json.RawMessage `json:"data"`
}

// DatetimeLayout is how upstream writes an event's time, in UTC.
const DatetimeLayout = "2006-01-02T15:04:05.000000Z"

const eventVersion = 2

// Encode writes the message.
func (e Event) Encode() ([]byte, error) {
	return json.Marshal([]any{eventVersion, "insert", e, map[string]any{}})
}

// DecodeEvent reads a message. Operations other than an insert give ok false.
func DecodeEvent(message []byte) (e Event, ok bool, err error) {
	var parts []json.RawMessage
	if err := json.Unmarshal(message, &parts); err != nil {
		return e, false, fmt.Errorf("read event message: %w", err)
	}
	if len(parts) < 3 {
		return e, false, errors.New("read event message: too short")
	}
	var operation string
	if json.Unmarshal(parts[1], &operation) != nil || operation != "insert" {
		return e, false, nil
	}
	if err := json.Unmarshal(parts[2], &e); err != nil {
		return e, false, fmt.Errorf("read event message: %w", err)
	}
	return e, true, nil
}

// Time returns when the event happened, or the zero time.
func (e Event) Time() time.Time {
	t, err := time.Parse(DatetimeLayout, e.Datetime)
	if err != nil {
		return time.Time{}
	}
	return t
}
