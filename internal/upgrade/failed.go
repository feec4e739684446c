package upgrade

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/sentryctl/sentryctl/internal/event"
	"github.com/sentryctl/sentryctl/internal/site"
)

// Failed says what of a hop that failed is kept for those who look into it.
type Failed struct {
	Run  string // the hop's
	Mask func(string) string
}

// FailedDir is where what is left of a failed hop stays.
func FailedDir(s *site.Site, run string) string { return s.Own("failed", run) }

// OutputLog is where all that a hop's commands say is written.
func OutputLog(s *site.Site) string { return own(s, "output.log") }

const keptLines = 1000

// keepFailed copies the journal, the output of the hop's commands and the logs
// of services that are not well. What cannot be had is left out: the way back
// matters more.
func keepFailed() BackStep {
	return BackStep{
		ID: "keep-failed", Title: "Keep what tells why it failed", Idempotent: true,
		Skip: func(_ context.Context, e *BackEnv) (string, error) {
			if e.Failed.Run == "" {
				return "nothing has failed", nil
			}
			return "", nil
		},
		Run: func(ctx context.Context, e *BackEnv) error {
			dir := FailedDir(e.Site, e.Failed.Run)
			if err := os.MkdirAll(dir, 0o700); err != nil {
				return err
			}
			for from, to := range map[string]string{e.Site.Own("runs", e.Failed.Run+".jsonl"): "journal.jsonl", OutputLog(e.Site): "output.log"} {
				if err := e.keepFile(from, FailedDir(e.Site, e.Failed.Run)+"/"+to); err != nil {
					e.Sink.Emit(event.Notice{Level: "warn", Text: "not kept: " + err.Error()})
				}
			}
			if err := e.keepLogs(ctx, dir); err != nil {
				e.Sink.Emit(event.Notice{Level: "warn", Text: "not kept: logs of services: " + err.Error()})
			}
			return nil
		},
	}
}

func (e *BackEnv) keepFile(from, to string) error {
	data, err := os.ReadFile(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return site.WriteFile(to, data, 0o600)
}

func (e *BackEnv) keepLogs(ctx context.Context, dir string) error {
	s, err := e.Open(ctx)
	if err != nil {
		return err
	}
	list, err := s.Status(ctx)
	if err != nil {
		return err
	}
	for _, st := range list {
		if st.State == "absent" || st.Completed || st.State == "running" && st.Health != "unhealthy" {
			continue
		}
		data, err := s.Logs(ctx, st.Service, keptLines)
		if err != nil {
			return err
		}
		if err := site.WriteFile(dir+"/service-"+st.Service+".log", []byte(e.Failed.Mask(string(data))), 0o600); err != nil {
			return err
		}
	}
	return nil
}
