package main

import (
	"context"
	"net/url"

	"github.com/sentryctl/sentryctl/internal/backup"
	"github.com/sentryctl/sentryctl/internal/health"
)

// The doors of a site that are watched.
const (
	uiDoor     = "ui"
	ingestDoor = "ingest"
)

// doorWatch asks the UI for its health and relay for anything.
func doorWatch(door health.FrontDoor) health.Watch {
	host := ""
	if door.URL != nil {
		host = door.URL.Host
	}
	at := func(path string) string { return (&url.URL{Scheme: "http", Host: door.Address, Path: path}).String() }
	return health.Watch{Client: door.Client, Doors: map[string]health.Door{
		uiDoor:     {URL: at("/_health/"), Host: host, Failed: 400},
		ingestDoor: {URL: at("/api/1/envelope/"), Host: host, Failed: 500},
	}}
}

func watchDoor(door health.FrontDoor) backup.Watch { return gapsOf(doorWatch(door)) }

// gapsOf is a watch as a backup knows it.
func gapsOf(w health.Watch) backup.Watch {
	return func(ctx context.Context) func() backup.Gaps {
		stop := w.Start(ctx)
		return func() backup.Gaps {
			gaps := stop()
			return backup.Gaps{UI: gaps[uiDoor], Ingest: gaps[ingestDoor]}
		}
	}
}
