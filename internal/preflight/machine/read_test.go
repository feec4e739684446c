package machine

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sentryctl/sentryctl/internal/preflight"
)

// root lays out files as a kernel shows them.
func root(t *testing.T, files map[string]string) Machine {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return Machine{Root: dir}
}

func TestHost(t *testing.T) {
	m := root(t, map[string]string{
		"etc/os-release":                         "# made by hand\nNAME=\"Ubuntu\"\nVERSION_ID=\"24.04\"\nID=ubuntu\nID_LIKE=\"debian gnu\"\nnonsense\n",
		"proc/self/status":                       "Name:\tx\nUmask:\t0027\n",
		"sys/fs/selinux/enforce":                 "1",
		"sys/module/apparmor/parameters/enabled": "Y\n",
		"run/systemd/system/keep":                "",
		"usr/sbin/dockerd":                       "",
		"proc/swaps":                             "Filename\tType\n/swapfile file 1 0 -2\n\n",
	})
	got := m.Host()
	got.Root, got.RootDisk = false, preflight.Fact[preflight.Disk]{} // of the tester
	want := preflight.Host{
		OS:    preflight.Know(preflight.OS{ID: "ubuntu", Like: []string{"debian", "gnu"}, Name: "Ubuntu", Version: "24.04"}),
		Umask: preflight.Know(uint32(0o027)), SELinux: "enforcing", AppArmor: true, Init: "systemd", Dockerd: true, SwapFiles: []string{"/swapfile"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestHostOfWhichNothingIsKnown(t *testing.T) {
	got := root(t, nil).Host()
	if got.OS.Known || got.Umask.Known || got.SELinux != "" || got.AppArmor || got.Init != "" || got.Dockerd {
		t.Errorf("%+v", got)
	}
}

func TestMeminfo(t *testing.T) {
	cases := []struct {
		name, in string
		want     map[string]int64
	}{
		{"usual", "MemTotal:       2 kB\nHugePages_Total:       3\n", map[string]int64{"MemTotal": 2048, "HugePages_Total": 3}},
		{"nothing", "", map[string]int64{}},
		{"nonsense", "MemTotal\nMemTotal:\nMemTotal: x kB\nMemTotal: -1 kB\nMemTotal: 9223372036854775807 kB\n", map[string]int64{}},
	}
	for _, c := range cases {
		if d := cmp.Diff(c.want, parseMeminfo([]byte(c.in))); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
	if _, _, err := root(t, map[string]string{"proc/meminfo": "SwapTotal: 1 kB\n"}).Memory(); err == nil {
		t.Error("no MemTotal, no error")
	}
	if left, err := root(t, map[string]string{"proc/meminfo": "MemTotal: 9 kB\nMemAvailable: 3 kB\n"}).MemoryLeft(); left != 3072 || err != nil {
		t.Errorf("got %d, %v", left, err)
	}
	if _, err := root(t, map[string]string{"proc/meminfo": "MemTotal: 9 kB\n"}).MemoryLeft(); err == nil {
		t.Error("no MemAvailable, no error")
	}
}

func TestCgroup(t *testing.T) {
	cases := []struct {
		name  string
		files map[string]string
		want  preflight.Cgroup
	}{
		{"version 2", map[string]string{"sys/fs/cgroup/cgroup.controllers": "cpu", "sys/fs/cgroup/cpu.max": "max 100000\n", "sys/fs/cgroup/memory.max": "max\n"}, preflight.Cgroup{Version: 2}},
		{"version 2 with limits", map[string]string{"sys/fs/cgroup/cgroup.controllers": "cpu", "sys/fs/cgroup/cpu.max": "250000 100000", "sys/fs/cgroup/memory.max": "1024"},
			preflight.Cgroup{Version: 2, MemoryBytes: 1024, CPUs: 2.5}},
		{"version 1", map[string]string{"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712", "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000"},
			preflight.Cgroup{Version: 1}},
		{"version 1 with limits", map[string]string{"sys/fs/cgroup/memory/memory.limit_in_bytes": "4096", "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000"},
			preflight.Cgroup{Version: 1, MemoryBytes: 4096, CPUs: 0.5}},
	}
	for _, c := range cases {
		if d := cmp.Diff(c.want, root(t, c.files).Cgroup()); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}

func TestCPUOfArm(t *testing.T) {
	model, flags := parseCPUInfo([]byte("processor\t: 0\nFeatures\t: fp asimd\n\n"))
	if model != "" || !cmp.Equal(flags, []string{"fp", "asimd"}) {
		t.Errorf("got %q, %v", model, flags)
	}
}

func TestMountinfo(t *testing.T) {
	got := parseMountinfo([]byte("25 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n" +
		`30 25 0:5 / /mnt/my\040disk rw,noexec master:1 shared:2 - xfs /dev/sdb rw` + "\nbroken line\n40 1 0:1 / /x rw -\n"))
	want := []mount{
		{point: "/", options: []string{"rw", "relatime"}, fileSystem: "ext4"},
		{point: "/mnt/my disk", options: []string{"rw", "noexec"}, fileSystem: "xfs"},
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(mount{})); d != "" {
		t.Error(d)
	}
}

func TestMountOfIsTheLongestAndLast(t *testing.T) {
	dir := t.TempDir()
	m := root(t, map[string]string{"proc/self/mountinfo": "1 0 0:1 / / rw - ext4 a rw\n2 1 0:2 / " + filepath.Dir(dir) + " rw - xfs b rw\n" +
		"3 1 0:3 / " + dir + " rw - xfs c rw\n4 1 0:4 / " + dir + " rw,noexec - tmpfs d rw\n5 1 0:5 / " + dir + "-beside rw - zfs e rw\n"})
	if disk, err := m.Disk(dir); err != nil || disk.FileSystem != "tmpfs" || disk.TotalBytes == 0 {
		t.Errorf("%+v, %v", disk, err)
	}
	if !m.NoExec(dir) {
		t.Error("noexec was not seen")
	}
}

func TestSite(t *testing.T) {
	m, dir := Here(), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "there"), 0o750); err != nil {
		t.Fatal(err)
	}
	cases := []struct{ name, dir, checked, cause string }{
		{"there", "there", "there", ""},
		{"to be made", "there/a/b", "there", ""},
		{"a file", "file", "file", "it is not a directory"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := m.Site(filepath.Join(dir, c.dir))
			if err != nil {
				t.Fatal(err)
			}
			if got.Checked != filepath.Join(dir, c.checked) || got.Exists != (c.dir == c.checked) || got.Writable != (c.cause == "") || got.Cause != c.cause || got.Disk.TotalBytes == 0 {
				t.Errorf("%+v", got)
			}
		})
	}
	if _, err := m.Site(filepath.Join(dir, "file/below")); err == nil {
		t.Error("below a file, no error")
	}
}

func TestSyncLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	got, err := Here().SyncLatency(t.Context(), dir)
	if err != nil || got.Samples == 0 || got.P99 < got.P50 {
		t.Errorf("%+v, %v", got, err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if _, err := Here().SyncLatency(t.Context(), filepath.Join(dir, "absent")); err == nil {
		t.Error("no directory, no error")
	}
}

func TestLatencyTakesNearestRank(t *testing.T) {
	var times []time.Duration
	for i := 100; i > 0; i-- {
		times = append(times, time.Duration(i))
	}
	if d := cmp.Diff(preflight.Latency{Samples: 100, P50: 50, P99: 99}, latency(times)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(preflight.Latency{Samples: 1, P50: 7, P99: 7}, latency([]time.Duration{7})); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(preflight.Latency{}, latency(nil)); d != "" {
		t.Error(d)
	}
}

func TestKernelAddresses(t *testing.T) {
	cases := map[string]string{
		"0100007F:1F90": "127.0.0.1:8080", "00000000:0050": "0.0.0.0:80",
		"00000000000000000000000001000000:1F90": "[::1]:8080", "0000000000000000FFFF00000100007F:1F90": "127.0.0.1:8080",
		"": "", "0100007F": "", "xx00007F:1F90": "", "0100007F:FFFFF": "", "0100:1F90": "",
	}
	for in, want := range cases {
		got, ok := parseKernelAddr(in)
		if ok != (want != "") || ok && got != netip.MustParseAddrPort(want) {
			t.Errorf("%q: got %v, %t, want %q", in, got, ok, want)
		}
	}
}

func FuzzParsers(f *testing.F) {
	f.Add([]byte("MemTotal: 1 kB\nflags : a\n1 0 0:1 / / rw - ext4 a rw\n0: 0100007F:1F90 0 0A 0 0 0 0 0 1\nID=x\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for key, n := range parseMeminfo(data) {
			if n < 0 {
				t.Errorf("%s is %d", key, n)
			}
		}
		parseCPUInfo(data)
		parseMountinfo(data)
		parseSockets(data)
		parseOSRelease(data)
		if p, err := parseClientProxy(data); err != nil && p != (preflight.Proxy{}) {
			t.Errorf("%+v with %v", p, err)
		}
	})
}
