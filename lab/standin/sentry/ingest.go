package sentry

import (
	"context"
	"crypto/md5" //nolint:gosec // a grouping hash, as upstream's
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/sentryctl/sentryctl/lab/standin/bus"
	"github.com/sentryctl/sentryctl/lab/standin/proc"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/db"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/nodestore"
	"github.com/sentryctl/sentryctl/lab/standin/sentry/web"
)

// ingest stores bodies and tells Snuba of events.
type ingest struct {
	proc  *proc.Proc
	db    *db.DB
	nodes *nodestore.Store
	send  func(context.Context, ...bus.Record) error
	orgs  map[int64]int64 // organization of a project
}

const retentionDays = 90

// handle processes a batch; an error leads to the same batch again, which
// overwrites what was done of it.
func (i *ingest) handle(ctx context.Context, batch []bus.Record) error {
	var events []bus.Record
	for _, r := range batch {
		if r.Topic != bus.IngestEvents {
			continue
		}
		e, ok, err := i.event(ctx, r.Value)
		if err != nil {
			return err
		}
		if ok {
			events = append(events, e)
		}
	}
	if len(events) == 0 {
		return nil
	}
	return i.send(ctx, events...)
}

// event stores one body and returns the message for Snuba. What cannot be
// read, or belongs to no project any more, is dropped: no repetition helps.
func (i *ingest) event(ctx context.Context, message []byte) (bus.Record, bool, error) {
	var in bus.Ingest
	var data map[string]any
	if json.Unmarshal(message, &in) != nil || json.Unmarshal(in.Payload, &data) != nil || data == nil {
		i.proc.Logf("dropped a message that is no event")
		return bus.Record{}, false, nil
	}
	org, err := i.organization(ctx, in.ProjectID)
	if db.IsMissing(err) {
		i.proc.Logf("dropped event %s: no project %d", in.EventID, in.ProjectID)
		return bus.Record{}, false, nil
	}
	if err != nil {
		return bus.Record{}, false, err
	}
	data["event_id"], data["project"], data["received"] = in.EventID, in.ProjectID, in.StartTime
	body, err := json.Marshal(data)
	if err != nil {
		return bus.Record{}, false, err
	}
	if err := i.nodes.Put(ctx, nodestore.ID(in.ProjectID, in.EventID), body); err != nil {
		return bus.Record{}, false, err
	}
	value, err := describe(in, org, data, body).Encode()
	return bus.Record{Topic: bus.Events, Key: []byte(in.EventID), Value: value}, err == nil, err
}

func (i *ingest) organization(ctx context.Context, project int64) (int64, error) {
	if org, ok := i.orgs[project]; ok {
		return org, nil
	}
	org, err := i.db.OrganizationOf(ctx, project)
	if err == nil {
		i.orgs[project] = org
	}
	return org, err
}

// describe says about an event what Snuba keeps. Events of the same text are
// one group.
func describe(in bus.Ingest, org int64, data map[string]any, body []byte) bus.Event {
	text := web.Message(data)
	hash := md5.Sum([]byte(text)) //nolint:gosec // see above
	platform, _ := data["platform"].(string)
	if platform == "" {
		platform = "other"
	}
	return bus.Event{
		EventID: in.EventID, OrganizationID: org, ProjectID: in.ProjectID, GroupID: int64(binary.BigEndian.Uint32(hash[:4])),
		Datetime: when(data["timestamp"], in.StartTime).Format(bus.DatetimeLayout), Message: text, Platform: platform,
		PrimaryHash: hex.EncodeToString(hash[:]), RetentionDays: retentionDays, Data: body,
	}
}

// when reads an SDK's timestamp, a number or ISO 8601, else takes the time at
// which relay had the event.
func when(stamp any, received float64) time.Time {
	switch v := stamp.(type) {
	case float64:
		received = v
	case string:
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05"} {
			if t, err := time.Parse(layout, v); err == nil {
				return t.UTC()
			}
		}
	}
	return time.UnixMicro(int64(received * 1e6)).UTC()
}
