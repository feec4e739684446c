// Package wizard owns the questions with which an admin says how a site shall
// be, on a screen or line by line. It returns answers and writes nothing; what
// it says of this host and what it can try out is given to it.
package wizard

import (
	"context"
	"errors"
	"io"

	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// The workflows that ask.
const (
	Install   = "install"
	Configure = "configure"
)

// Input is what the wizard starts from.
type Input struct {
	Workflow string // Install or Configure
	Version  calver.Version
	Site     string            // directory of the installation
	Host     string            // name of this host, for an address that nobody gave
	Answers  config.Answers    // so far; they are the defaults
	Defaults map[string]string // of the release, by key, where they are not the usual ones
	Machine  Machine
	Profiles []Profile // what each profile needs; empty when the release has none
	Checks   Checks
	Ignore   []string // checks of the machine, by ID, that shall not block

	// Preview returns what answers change in the site's files, as a unified
	// diff without secrets, and Runs what is done after the wizard.
	Preview func(config.Answers) (string, error)
	Runs    func(config.Answers) []string
}

// Machine is where the site's containers run. Zero means not known.
type Machine struct {
	CPUs     int
	Memory   int64 // bytes
	FreeDisk int64 // bytes, where the Engine keeps its data
}

// Profile is what one profile costs. Zero means not known.
type Profile struct {
	Name       string
	Containers int
	CPUs       int
	Memory     int64 // bytes without which the install is refused
	Better     int64 // bytes that are recommended
	Disk       int64 // bytes free at the start
}

// Checks try something out. A nil one is not offered.
type Checks struct {
	// Port tells why an address of the form PORT or IP:PORT cannot be bound.
	Port func(bind string) error
	// Reach proves that url leads to bind on this host.
	Reach func(ctx context.Context, url, bind string) error
	// TestMail sends a message to an address.
	TestMail func(ctx context.Context, m config.Mail, to string) error
}

// Options say how to ask.
type Options struct {
	Accessible bool // line by line, for screen readers and dumb terminals
	NoColor    bool
	ASCII      bool // the terminal shows no other characters
	Width      int  // columns and lines where the terminal does not tell
	Height     int
}

// Run asks and returns the answers that the admin agreed to. Leaving, in
// whatever way, is an error of code fault.Cancelled.
func Run(ctx context.Context, in io.Reader, out io.Writer, input Input, o Options) (config.Answers, error) {
	d := newDraft(input)
	var err error
	if o.Accessible {
		err = newLines(in, out, d).ask(ctx)
	} else {
		err = ask(ctx, in, out, d, o)
	}
	if errors.Is(err, errLeft) || ctx.Err() != nil {
		return config.Answers{}, fault.New(fault.Cancelled, "Run the same command again when you are ready", "left the wizard; nothing was changed")
	}
	if err != nil {
		return config.Answers{}, err
	}
	return d.answers()
}

// errLeft says that the admin does not want to go on.
var errLeft = errors.New("left")
