package main

import "testing"

func TestMachineOfAnEngine(t *testing.T) {
	for address, want := range map[string]string{
		"unix:///var/run/docker.sock": "127.0.0.1",
		"tcp://10.1.2.3:2376":         "10.1.2.3",
		"ssh://me@host.example.com":   "host.example.com",
		"tcp://[fd00::1]:2376":        "fd00::1",
		"npipe:////./pipe/docker":     "127.0.0.1",
		"http://docker.example.com":   "127.0.0.1", // the placeholder of an ssh connection
	} {
		if got := machineOf(address); got != want {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
	}
}
