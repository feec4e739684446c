package main

import (
	"context"
	"fmt"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/step"
)

// settleBackup cleans up after backups that were cut short, and says what else
// is half done; "" for nothing.
func settleBackup(ctx context.Context, s *site.Site, w backup.Waker) (halfDone string, err error) {
	bounded, cancel := context.WithTimeout(ctx, backup.WakeLimit)
	defer cancel()
	if err := backup.Wake(bounded, s, w); err != nil {
		return "", err
	}
	for {
		last, unfinished, err := s.Unfinished()
		if err != nil || !unfinished {
			return "", err
		}
		if header, _ := step.HeaderOf(last.Records); header.Workflow != backupWorkflow {
			return halfDoneRun(header.Workflow, last.ID), nil
		}
		if err := finishRun(s, last.ID); err != nil {
			return "", err
		}
	}
}

// halfDoneRun says what a run that did not come to its end means for a backup.
func halfDoneRun(workflow, id string) string {
	meaning := "what it was about may be half there"
	switch workflow {
	case installWorkflow:
		meaning = "what it had still to make is not there"
	case applyWorkflow:
		meaning = "the files may be newer than what the services run with"
	case upgradeWorkflow, rollbackWorkflow:
		meaning = "files and databases may be of two versions, which no release can start with"
	case restoreWorkflow:
		meaning = "some volumes may be of the backup that was to come back, others as they were before"
	}
	return fmt.Sprintf("%s %s did not come to its end, so %s", workflow, id, meaning)
}
