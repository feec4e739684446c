package machine

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Listening tells whether somebody listens where we want to: by trying, and
// where we may not try (a port below 1024) by the kernel's table.
func (m Machine) Listening(addr netip.AddrPort) (bool, error) {
	network := "tcp4"
	if addr.Addr().Is6() {
		network = "tcp6"
	}
	l, err := net.Listen(network, addr.String())
	switch {
	case err == nil:
		return false, l.Close()
	case errors.Is(err, syscall.EADDRINUSE):
		return true, nil
	case errors.Is(err, syscall.EACCES):
		return len(m.inodes(addr)) > 0, nil
	}
	return false, fmt.Errorf("listen on %s: %w", addr, err)
}

// Local tells whether an address belongs to this host. The unspecified one
// does.
func (m Machine) Local(ip netip.Addr) (bool, error) {
	if ip.IsUnspecified() || ip.IsLoopback() {
		return true, nil
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return false, fmt.Errorf("list addresses: %w", err)
	}
	return slices.ContainsFunc(addrs, func(a net.Addr) bool {
		prefix, err := netip.ParsePrefix(a.String())
		return err == nil && prefix.Addr() == ip.WithZone("")
	}), nil
}

// Holder names the process that listens on addr, as "nginx (pid 812)"; "" when
// it cannot be seen, which takes root for the processes of others.
func (m Machine) Holder(addr netip.AddrPort) string {
	inodes := m.inodes(addr)
	if len(inodes) == 0 {
		return ""
	}
	fds, _ := filepath.Glob(m.path("proc/[0-9]*/fd/*")) // the pattern is valid
	for _, fd := range fds {
		link, err := os.Readlink(fd)
		if err != nil || !slices.Contains(inodes, link) {
			continue
		}
		pid := filepath.Base(filepath.Dir(filepath.Dir(fd)))
		name := m.word("proc/" + pid + "/comm")
		return fmt.Sprintf("%s (pid %s)", name, pid)
	}
	return ""
}

// inodes returns the links by which processes hold sockets that listen on addr.
func (m Machine) inodes(addr netip.AddrPort) (links []string) {
	for _, table := range []string{"proc/net/tcp", "proc/net/tcp6"} {
		data, err := m.read(table)
		if err != nil {
			continue
		}
		for _, s := range parseSockets(data) {
			if overlap(s.addr, addr) {
				links = append(links, "socket:["+s.inode+"]")
			}
		}
	}
	return links
}

// overlap tells whether one listener keeps another out.
func overlap(a, b netip.AddrPort) bool {
	return a.Port() == b.Port() && (a.Addr() == b.Addr() || a.Addr().IsUnspecified() || b.Addr().IsUnspecified())
}

type socket struct {
	addr  netip.AddrPort
	inode string
}

const tcpListen = "0A"

// parseSockets reads the listening sockets of /proc/net/tcp and tcp6: field 2
// is the local address, 4 the state, 10 the inode.
func parseSockets(data []byte) (sockets []socket) {
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) < 10 || fields[3] != tcpListen {
			continue
		}
		if addr, ok := parseKernelAddr(fields[1]); ok {
			sockets = append(sockets, socket{addr, fields[9]})
		}
	}
	return sockets
}

// parseKernelAddr reads "0100007F:1F90": words of four bytes in the order of
// the machine (little-endian on amd64 and arm64), the port in network order.
func parseKernelAddr(s string) (netip.AddrPort, bool) {
	host, port, ok := strings.Cut(s, ":")
	raw, err := hex.DecodeString(host)
	p, errPort := strconv.ParseUint(port, 16, 16)
	if !ok || err != nil || errPort != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for word := range slices.Chunk(raw, 4) {
		slices.Reverse(word)
	}
	ip, ok := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(ip.Unmap(), uint16(p)), ok
}
