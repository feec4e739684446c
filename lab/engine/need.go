package engine

import (
	"bufio"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// Host is what matters of this machine when no Engine answers. Plain data:
// Decide needs nothing else.
type Host struct {
	Root      bool
	Distro    []string // ID and ID_LIKE of /etc/os-release
	Systemd   bool     // systemd runs here
	Client    bool     // the docker command is installed
	Daemon    bool     // dockerd is installed
	Remote    string   // DOCKER_HOST, when it names another place
	Cause     string   // what docker said when it was asked
	HasAptGet bool
}

// Plan is what to do about a missing Engine: steps, or advice when the lab
// cannot help itself.
type Plan struct {
	Install bool   // apt-get install the Engine
	Start   string // "systemd", "background" or ""
	Advice  string // says what is lacking and what to type; empty when the lab can go on by itself
}

// Decide says how the Engine can be had on h.
func Decide(h Host) Plan {
	apt := h.HasAptGet && (slices.Contains(h.Distro, "debian") || slices.Contains(h.Distro, "ubuntu"))
	install := !h.Client || !h.Daemon
	switch {
	case h.Remote != "":
		return Plan{Advice: "no Docker Engine answers at DOCKER_HOST=" + h.Remote + ".\nStart it there, or use this machine's own: unset DOCKER_HOST"}
	case strings.Contains(strings.ToLower(h.Cause), "permission denied"):
		return Plan{Advice: "this user may not use the Docker Engine.\nRun as root: sudo make demo\nor join its group and log in again: sudo usermod -aG docker $USER"}
	case install && !apt:
		return Plan{Advice: "there is no Docker Engine here, and the lab can install one on Debian and Ubuntu only.\nInstall it as described at https://docs.docker.com/engine/install/ and start it"}
	case !h.Root && install:
		return Plan{Advice: "there is no Docker Engine here, and installing one takes root.\nRun: sudo apt-get update && sudo apt-get install -y docker.io && sudo usermod -aG docker $USER && newgrp docker"}
	case !h.Root:
		return Plan{Advice: "the Docker Engine is installed but does not run, and starting it takes root.\nRun: " + startCommand(h)}
	case h.Systemd:
		return Plan{Install: install, Start: "systemd"}
	default:
		return Plan{Install: install, Start: "background"}
	}
}

func startCommand(h Host) string {
	if h.Systemd {
		return "sudo systemctl start docker"
	}
	return "sudo dockerd >/tmp/dockerd.log 2>&1 &"
}

// look gathers what Decide wants to know.
func look(cause error) Host {
	h := Host{
		Root:      os.Geteuid() == 0,
		Distro:    distro("/etc/os-release"),
		Systemd:   isDir("/run/systemd/system"),
		Client:    onPath("docker"),
		Daemon:    onPath("dockerd") || onPath("/usr/sbin/dockerd"),
		HasAptGet: onPath("apt-get"),
	}
	if cause != nil {
		h.Cause = cause.Error()
	}
	if host := os.Getenv("DOCKER_HOST"); host != "" && host != "unix:///var/run/docker.sock" {
		h.Remote = host
	}
	return h
}

// distro reads ID and ID_LIKE from an os-release file.
func distro(path string) []string {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	var ids []string
	for sc := bufio.NewScanner(f); sc.Scan(); {
		key, value, _ := strings.Cut(sc.Text(), "=")
		if key == "ID" || key == "ID_LIKE" {
			ids = append(ids, strings.Fields(strings.Trim(value, `"`))...)
		}
	}
	return ids
}

func onPath(name string) bool {
	_, err := exec.LookPath(name)
	return err == nil
}

func isDir(path string) bool {
	fi, err := os.Stat(path)
	return err == nil && fi.IsDir()
}
