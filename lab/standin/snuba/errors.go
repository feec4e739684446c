package snuba

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/lab/standin/bus"
	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

// errorRow is a line of default.errors_local.
type errorRow struct {
	ProjectID      int64  `json:"project_id"`
	EventID        string `json:"event_id"`
	OrganizationID int64  `json:"organization_id"`
	GroupID        int64  `json:"group_id"`
	Timestamp      string `json:"timestamp"`
	Received       string `json:"received"`
	Message        string `json:"message"`
	Platform       string `json:"platform"`
	PrimaryHash    string `json:"primary_hash"`
	RetentionDays  int    `json:"retention_days"`
}

// insertErrors writes a batch of event messages into ClickHouse. A message
// that cannot be read would stop the topic for ever, so it is left out.
func insertErrors(p *proc.Proc) func(context.Context, []bus.Record) error {
	ch := store(p)
	return func(ctx context.Context, records []bus.Record) error {
		var rows strings.Builder
		enc := json.NewEncoder(&rows)
		for _, r := range records {
			e, ok, err := bus.DecodeEvent(r.Value)
			if err != nil {
				p.Logf("message left out: %v", err)
			}
			if err != nil || !ok {
				continue
			}
			if err := enc.Encode(lineOf(e, time.Now())); err != nil {
				return err
			}
		}
		if rows.Len() == 0 {
			return nil
		}
		_, err := ch.Query(ctx, "INSERT INTO default.errors_local FORMAT JSONEachRow", rows.String())
		return err
	}
}

func lineOf(e bus.Event, now time.Time) errorRow {
	at := e.Time()
	if at.IsZero() {
		at = now
	}
	return errorRow{
		ProjectID: e.ProjectID, EventID: e.EventID, OrganizationID: e.OrganizationID, GroupID: e.GroupID,
		Timestamp: at.UTC().Format(time.DateTime), Received: now.UTC().Format(time.DateTime),
		Message: e.Message, Platform: e.Platform, PrimaryHash: e.PrimaryHash, RetentionDays: e.RetentionDays,
	}
}
