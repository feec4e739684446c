package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// daemonLog is where a dockerd that the lab started in the background writes.
const daemonLog = "/var/log/sentryctl-lab-dockerd.log"

// Ensure returns the version of an Engine that answers. When none does and
// this is root on Debian or Ubuntu, it installs and starts one; otherwise the
// error says what is lacking and what to type. What it does is told on talk.
func Ensure(ctx context.Context, d Docker, talk io.Writer) (string, error) {
	version, err := ask(ctx, d)
	if err == nil {
		return version, nil
	}
	plan := Decide(look(err))
	if plan.Advice != "" {
		return "", errors.New(plan.Advice)
	}
	if plan.Install {
		fmt.Fprintln(talk, "no Docker Engine here: installing the distribution's docker.io")
		if err := AptInstall(ctx, talk, "docker.io", "?docker-cli", "iptables", "ca-certificates"); err != nil {
			return "", err
		}
	}
	if err := start(ctx, plan.Start, talk); err != nil {
		return "", err
	}
	return waitReady(ctx, d)
}

// ask is ServerVersion, but an empty answer is no answer.
func ask(ctx context.Context, d Docker) (string, error) {
	if !d.Installed() {
		return "", errors.New("there is no docker command")
	}
	version, err := d.ServerVersion(ctx)
	if err == nil && version == "" {
		err = errors.New("the Engine gave no version")
	}
	return version, err
}

func start(ctx context.Context, how string, talk io.Writer) error {
	if how == "systemd" {
		fmt.Fprintln(talk, "starting the Docker Engine: systemctl start docker")
		if out, err := exec.CommandContext(ctx, "systemctl", "start", "docker").CombinedOutput(); err != nil {
			return fmt.Errorf("start the Docker Engine: %w: %s", err, strings.TrimSpace(string(out)))
		}
		return nil
	}
	fmt.Fprintln(talk, "starting the Docker Engine in the background; its log:", daemonLog)
	log, err := os.OpenFile(daemonLog, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("open the log of the Docker Engine: %w", err)
	}
	defer log.Close()
	// Not CommandContext: the Engine outlives the lab.
	cmd := exec.Command("dockerd")
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start dockerd: %w", err)
	}
	return cmd.Process.Release()
}

// waitReady asks until the Engine answers; a minute is plenty for a daemon
// with nothing to restore.
func waitReady(ctx context.Context, d Docker) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		version, err := ask(ctx, d)
		if err == nil {
			return version, nil
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("the Docker Engine was started but does not answer (look at journalctl -u docker or %s)%s: %w", daemonLog, lastWords(daemonLog), err)
		case <-tick.C:
		}
	}
}

// lastWords are what a daemon that ended wrote last: the reason, as a rule.
func lastWords(path string) string {
	data, err := os.ReadFile(path)
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	if last := lines[len(lines)-1]; err == nil && last != "" {
		return "; it ended with: " + last
	}
	return ""
}
