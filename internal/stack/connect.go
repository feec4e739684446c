package stack

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/docker/cli/cli/command"
	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/flags"
	"github.com/moby/moby/client"
	"github.com/sirupsen/logrus"
	"github.com/spf13/pflag"

	"github.com/sentryctl/sentryctl/internal/cgroup"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// connectTimeout bounds the first answer of the Engine. It is long because an
// endpoint may be an ssh host.
const connectTimeout = 30 * time.Second

// thisProgram is the running executable, also when its file was replaced by
// an update in the meantime.
const thisProgram = "/proc/self/exe"

// Engine is a connection to one Docker Engine.
type Engine struct {
	api  client.APIClient
	cli  *command.DockerCli
	host string

	program   string // what a helper container runs: this executable
	groups    string // the machine's control groups, "" when they are another's
	helperMu  sync.Mutex
	helperRef string // its image, once named: reading the program takes a while
}

// Connect finds the Engine by the rules of the docker command (DOCKER_HOST,
// DOCKER_CONTEXT, the current context, DOCKER_TLS_VERIFY) and negotiates the
// API version, 1.40 at least. An Engine that does not answer gives a
// fault.NoEngine whose hint fits the cause.
func Connect(ctx context.Context) (*Engine, error) {
	quiet()
	opts := clientOptions()
	conf := config.LoadDefaultConfigFile(io.Discard)
	// The client is made here and handed over: DockerCli.Client ends the
	// process when it cannot make one.
	api, err := command.NewAPIClientFromFlags(opts, conf)
	if err != nil {
		return nil, fault.New(fault.NoEngine, "Look at the context in use: docker context ls", "find the Docker Engine: %w", err)
	}
	pingCtx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if _, err := api.Ping(pingCtx, client.PingOptions{NegotiateAPIVersion: true}); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, connectFault(api.DaemonHost(), err)
	}
	cli, err := newDockerCLI(ctx, api, opts)
	if err != nil {
		return nil, err
	}
	e := &Engine{api: api, cli: cli, host: api.DaemonHost(), program: thisProgram}
	if strings.HasPrefix(e.host, "unix://") {
		e.groups = cgroup.Tree
	}
	return e, nil
}

// Close gives the connections back.
func (e *Engine) Close() error { return e.api.Close() }

// clientOptions takes the TLS defaults of the docker command from the
// environment; they hang on its flag set.
func clientOptions() *flags.ClientOptions {
	opts, set := flags.NewClientOptions(), pflag.NewFlagSet("docker", pflag.ContinueOnError)
	opts.InstallFlags(set)
	opts.SetDefaultOptions(set)
	return opts
}

// newDockerCLI wraps the client in what the Compose SDK wants, with streams
// that lead nowhere.
func newDockerCLI(ctx context.Context, api client.APIClient, opts *flags.ClientOptions) (*command.DockerCli, error) {
	cli, err := command.NewDockerCli(
		command.WithBaseContext(context.WithoutCancel(ctx)),
		command.WithInputStream(io.NopCloser(strings.NewReader(""))),
		command.WithCombinedStreams(io.Discard),
		command.WithAPIClient(api),
	)
	if err != nil {
		return nil, err
	}
	if err := cli.Initialize(opts); err != nil {
		return nil, fault.New(fault.NoEngine, "Look at the context in use: docker context ls", "read the Docker configuration: %w", err)
	}
	return cli, nil
}

// quiet silences the logger that the SDK writes to the terminal with.
func quiet() { logrus.SetOutput(io.Discard) }

// connectFault turns a failed first contact into an error with the hint that
// fits. The client gives no typed causes, so its text is read.
func connectFault(host string, err error) error {
	hint := "Start the Engine and run the same command again: sudo systemctl start docker"
	text := err.Error()
	switch {
	case strings.Contains(text, "permission denied"):
		hint = "Join the docker group with 'sudo usermod -aG docker $USER' and log in again, or run the same command with sudo"
	case strings.Contains(host, "podman"):
		hint = "Start the Podman service: systemctl --user start podman.socket; Docker Engine is what is tested"
	case strings.Contains(text, "is not supported by this client"):
		hint = "Update the Docker Engine to 19.03.6 or newer"
	case strings.Contains(text, "TLS") || strings.Contains(text, "certificate") || strings.Contains(text, "x509"):
		hint = "Check DOCKER_TLS_VERIFY, DOCKER_CERT_PATH and the certificates of the context"
	case !strings.HasPrefix(host, "unix://") && !strings.HasPrefix(host, "npipe://"):
		hint = "Check that " + host + " is right (DOCKER_HOST, docker context ls) and that an Engine listens there"
	case strings.Contains(text, "no such file") && runtime.GOOS == "darwin":
		hint = "Start Docker Desktop, or choose another context: docker context ls"
	case strings.Contains(text, "no such file"):
		hint = "Install the Docker Engine, or start it: sudo systemctl start docker"
	}
	return fault.New(fault.NoEngine, hint, "reach the Docker Engine at %s: %w", host, err)
}

// gone maps an error that says that the Engine went away in the middle to
// fault.NoEngine; every other error passes unchanged.
func gone(err error) error {
	var known *fault.Error
	if err == nil || errors.As(err, &known) || !engineLost(err) {
		return err
	}
	return wentAway(err)
}

func wentAway(err error) error {
	return fault.New(fault.NoEngine, "Start the Docker Engine (sudo systemctl start docker) and run the same command again",
		"the Docker Engine went away: %w", err)
}

// leaving tells that an Engine which still answers here takes nobody new: one
// that is stopped closes its door first, then ends its containers.
func (e *Engine) leaving(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := e.api.Dialer()(bounded)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return wentAway(err)
	}
	return conn.Close()
}

func engineLost(err error) bool {
	if errors.Is(err, context.Canceled) {
		return false
	}
	if client.IsErrConnectionFailed(err) || errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	text := err.Error()
	if strings.Contains(text, "Error response from daemon") {
		return false // it answers; something that it asked does not
	}
	for _, sign := range []string{"connection refused", "connection reset by peer", "broken pipe", "Cannot connect to the Docker daemon", "cannot connect to the Docker daemon", "use of closed network connection"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return strings.HasSuffix(text, ": EOF") || text == "EOF"
}
