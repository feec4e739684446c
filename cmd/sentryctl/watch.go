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
func doorWatch(door health.FrontDoor) health.Watch { return movedWatch(door, door.Address) }

// movedWatch is the same for a door whose address changes meanwhile: it is open
// where it answers at one of both.
func movedWatch(door health.FrontDoor, former string) health.Watch {
	host := ""
	if door.URL != nil {
		host = door.URL.Host
	}
	at := func(address, path string) string {
		return (&url.URL{Scheme: "http", Host: address, Path: path}).String()
	}
	way := func(path string, failed int) health.Door {
		d := health.Door{URL: at(door.Address, path), Host: host, Failed: failed}
		if former != door.Address {
			d.Moved = at(former, path)
		}
		return d
	}
	return health.Watch{Client: door.Client, Doors: map[string]health.Door{uiDoor: way("/_health/", 400), ingestDoor: way("/api/1/envelope/", 500)}}
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
