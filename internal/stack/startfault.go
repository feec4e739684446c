package stack

import (
	"errors"
	"regexp"
	"strings"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// ErrNofileRefused says that the daemon cannot grant the limit asked for.
var ErrNofileRefused = errors.New("the Docker Engine cannot grant that many open files")

// roomHint says what to do about an Engine whose disk is full.
const roomHint = "Free disk space under the Docker Engine's root directory: docker system df"

// full tells that the disk of the Engine is full.
func full(err error) bool {
	return err != nil && strings.Contains(err.Error(), "no space left on device")
}

// startFault gives an error of making a container, or what it needs, or of starting
// one, the hint that fits. The Engine gives no typed causes, so its text is read.
func startFault(err error) error {
	if err == nil {
		return nil
	}
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "rlimit"):
		return fault.New(fault.Resumable,
			"Lower ulimits.nofile of the service in docker-compose.override.yml, or raise LimitNOFILE of docker.service and restart it",
			"%w: %w", ErrNofileRefused, err)
	case strings.Contains(text, "port is already allocated"), strings.Contains(text, "address already in use"):
		return fault.New(fault.Resumable, "Free the port, or choose another one: --bind PORT", "%w", err)
	case strings.Contains(text, "external volume") && strings.Contains(text, "not found"):
		return fault.New(fault.Resumable, "Create the volume: docker volume create "+quoted(text), "%w", err)
	case strings.Contains(text, "No such image"):
		return fault.New(fault.Resumable, "Bring the image to the Engine with docker pull, or on a host without a network with docker load", "%w", err)
	case strings.Contains(text, "task") && strings.Contains(text, "already exists"):
		// Made anew, it could meet what still runs of it on the same volumes.
		return fault.New(fault.Resumable, "Restart this machine, which ends what a crash of the Engine left running, then run the same command again", "%w", err)
	case full(err):
		return fault.New(fault.Resumable, roomHint, "%w", err)
	}
	return gone(err)
}

func quoted(text string) string {
	if m := regexp.MustCompile(`volume "?([^" ]+)"?`).FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return "NAME"
}
