package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Private is an Engine beside the machine's, with data, sockets and a network
// of its own, that a test may stop at will. Its containers reach each other
// and nothing else.
type Private struct {
	Docker Docker

	dir    string
	space  *netspace
	daemon *exec.Cmd
	ended  chan struct{} // closed when the daemon has ended
}

// CanPrivate says why there can be no private Engine here, or nil.
func CanPrivate() error {
	if os.Geteuid() != 0 {
		return errors.New("a private Docker Engine takes root")
	}
	if _, err := exec.LookPath("dockerd"); err != nil {
		return fmt.Errorf("a private Docker Engine takes a dockerd of this machine: %w", err)
	}
	return nil
}

// NewPrivate makes an empty Engine that keeps everything below dir, and starts
// it. The path must be short: it becomes that of sockets.
func NewPrivate(ctx context.Context, dir string) (*Private, error) {
	if err := CanPrivate(); err != nil {
		return nil, err
	}
	p := &Private{dir: dir, Docker: Docker{Host: "unix://" + filepath.Join(dir, "docker.sock")}}
	if err := p.configure(); err != nil {
		return nil, err
	}
	var err error
	if p.space, err = newNetspace(); err != nil {
		return nil, err
	}
	if err := p.Start(ctx); err != nil {
		return nil, errors.Join(err, p.Close(context.WithoutCancel(ctx)))
	}
	return p, nil
}

// machineConfig is that of this machine's own Engine: what it says of storage
// and networks holds for a second one too.
const machineConfig = "/etc/docker/daemon.json"

func (p *Private) configure() error {
	config := map[string]any{}
	data, err := os.ReadFile(machineConfig)
	if err == nil {
		err = json.Unmarshal(data, &config)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read %s: %w", machineConfig, err)
	}
	for _, key := range []string{"hosts", "bip", "pidfile", "exec-root", "containerd", "fixed-cidr", "default-address-pools", "live-restore"} {
		delete(config, key)
	}
	config["data-root"] = filepath.Join(p.dir, "data")
	config["bridge"] = "none"
	if data, err = json.Marshal(config); err == nil {
		err = os.WriteFile(p.config(), data, 0o600)
	}
	if err != nil {
		return fmt.Errorf("configure a private Engine: %w", err)
	}
	return nil
}

func (p *Private) config() string { return filepath.Join(p.dir, "daemon.json") }

// Inside runs f where the Engine's published ports are on the loopback;
// processes that f starts stay there.
func (p *Private) Inside(f func() error) error { return p.space.do(f) }

// startTime bounds how long the daemon may take to answer.
const startTime = time.Minute

// Start starts the daemon and returns when it answers.
func (p *Private) Start(ctx context.Context) error {
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("start a private Engine: %w", err)
	}
	defer log.Close()
	// The daemon's containerd dies with it. Where nobody collects orphans it
	// stays as a zombie, which a new daemon would take for a live one.
	if err := os.Remove(filepath.Join(p.dir, "exec", "containerd", "containerd.pid")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("start a private Engine: %w", err)
	}
	p.daemon = exec.Command("dockerd", "--config-file", p.config(), "--host", p.Docker.Host,
		"--exec-root", filepath.Join(p.dir, "exec"), "--pidfile", filepath.Join(p.dir, "pid"),
		"--default-address-pool", "base=10.213.0.0/16,size=24",
		"--containerd-namespace", "lab", "--containerd-plugins-namespace", "lab-plugins")
	p.daemon.Stdout, p.daemon.Stderr = log, log
	// It goes with this process, even if that is killed.
	p.daemon.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGTERM}
	if err := p.Inside(p.daemon.Start); err != nil {
		return fmt.Errorf("start a private Engine: %w", err)
	}
	daemon, ended := p.daemon, make(chan struct{})
	p.ended = ended
	go func() {
		_ = daemon.Wait() // how it ends is the tests' own doing
		close(ended)
	}()
	return p.answers(ctx)
}

func (p *Private) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := p.Docker.ServerVersion(ctx); err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("the private Engine ended at once: %s", p.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("the private Engine does not answer: %s", p.lastWords())
		case <-tick.C:
		}
	}
}

func (p *Private) lastWords() string {
	const keep = 2000
	data, err := os.ReadFile(filepath.Join(p.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(data[max(0, len(data)-keep):])
}

// Stop ends the daemon as an admin would: it stops its containers first.
func (p *Private) Stop() error { return p.end(unix.SIGTERM) }

// Kill ends the daemon as a crash would: at once, its containers go on.
func (p *Private) Kill() error { return p.end(unix.SIGKILL) }

func (p *Private) end(sig os.Signal) error {
	if err := p.daemon.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop the private Engine: %w", err)
	}
	<-p.ended
	return nil
}

func (p *Private) runs() bool {
	if p.daemon == nil || p.ended == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Copy brings images here from another Engine.
func (p *Private) Copy(ctx context.Context, from Docker, images ...string) error {
	save := from.command(ctx, append([]string{"save"}, images...)...)
	out, err := save.StdoutPipe()
	if err == nil {
		err = save.Start()
	}
	if err != nil {
		return fmt.Errorf("copy images: %w", err)
	}
	_, loadErr := p.Docker.Input(ctx, out, "load", "--quiet")
	if loadErr != nil {
		_ = save.Process.Kill() // nobody reads what it writes
	}
	if err := errors.Join(loadErr, save.Wait()); err != nil {
		return fmt.Errorf("copy images: %w", err)
	}
	return nil
}
