package repository_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/sentryctl/sentryctl/internal/backup/repository"
)

const sftpPassword = "sftp-secret"

// sftpServer serves a directory over SSH to one user, who comes with a
// password or a key.
func sftpServer(t *testing.T, g *gate) (addr, knownHosts, userKey string) {
	t.Helper()
	host, _ := sshKey(t)
	user, text := sshKey(t)
	config := &ssh.ServerConfig{
		PasswordCallback: func(c ssh.ConnMetadata, p []byte) (*ssh.Permissions, error) {
			if c.User() != "me" || string(p) != sftpPassword {
				return nil, errors.New("no")
			}
			return nil, nil
		},
		PublicKeyCallback: func(c ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if c.User() != "me" || string(key.Marshal()) != string(user.PublicKey().Marshal()) {
				return nil, errors.New("no")
			}
			return nil, nil
		},
	}
	config.AddHostKey(host)
	l := g.listen(t)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go sftpSession(c, config)
		}
	}()
	addr = l.Addr().String()
	return addr, knownhosts.Line([]string{addr}, host.PublicKey()) + "\n", text
}

func sshKey(t *testing.T) (ssh.Signer, string) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	return signer, string(pem.EncodeToMemory(block))
}

// sftpSession serves one connection.
func sftpSession(c net.Conn, config *ssh.ServerConfig) {
	defer c.Close()
	_, channels, requests, err := ssh.NewServerConn(c, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		if offered.ChannelType() != "session" {
			offered.Reject(ssh.UnknownChannelType, "sessions only")
			continue
		}
		channel, asks, err := offered.Accept()
		if err != nil {
			return
		}
		go func() {
			for ask := range asks {
				ask.Reply(ask.Type == "subsystem" && strings.HasSuffix(string(ask.Payload), "sftp"), nil)
			}
		}()
		srv, err := sftp.NewServer(channel)
		if err != nil {
			return
		}
		go func() {
			srv.Serve()
			channel.Close() // as sshd does
		}()
	}
}

func sftpPlace(t *testing.T) target {
	g := &gate{}
	addr, hosts, _ := sftpServer(t, g)
	a := access(t, "sftp://me@"+addr+t.TempDir()+"/repo")
	a.Credentials = repository.Credentials{"SENTRYCTL_SFTP_KNOWN_HOSTS": hosts, "SENTRYCTL_SFTP_PASSWORD": sftpPassword}
	return target{access: a, gate: g, wrong: repository.Credentials{"SENTRYCTL_SFTP_KNOWN_HOSTS": hosts, "SENTRYCTL_SFTP_PASSWORD": "other-secret"}}
}

func TestSFTPWithAKey(t *testing.T) {
	addr, hosts, key := sftpServer(t, &gate{})
	a := access(t, "sftp://me@"+addr+t.TempDir()+"/repo")
	a.Credentials = repository.Credentials{"SENTRYCTL_SFTP_KNOWN_HOSTS": hosts, "SENTRYCTL_SFTP_KEY": key}
	if err := repository.Init(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	_, other := sshKey(t)
	_, stranger, _ := sftpServer(t, &gate{})
	for name, c := range map[string]repository.Credentials{
		"another key":  {"SENTRYCTL_SFTP_KNOWN_HOSTS": hosts, "SENTRYCTL_SFTP_KEY": other},
		"no key":       {"SENTRYCTL_SFTP_KNOWN_HOSTS": hosts, "SENTRYCTL_SFTP_KEY": "rubbish"},
		"nothing":      {"SENTRYCTL_SFTP_KNOWN_HOSTS": hosts},
		"another host": {"SENTRYCTL_SFTP_KNOWN_HOSTS": strings.Replace(stranger, strings.Fields(stranger)[0], strings.Fields(hosts)[0], 1), "SENTRYCTL_SFTP_KEY": key},
	} {
		b := a
		b.Credentials = c
		refused(t, name, b)
	}
}
