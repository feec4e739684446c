package preflight

import "time"

// Facts is everything that is known about a machine and its Engine, collected
// once. It holds no secret: whoever collects a proxy address drops its user
// and password first.
type Facts struct {
	Engine     Fact[Engine]        `json:"engine"`
	EngineHint string              `json:"engine_hint,omitempty"` // what to do when the Engine does not answer
	Probe      Fact[Probe]         `json:"probe"`
	Nofile     Fact[NofileGrant]   `json:"nofile"`
	Compose    Fact[string]        `json:"compose"` // version of the plugin, "" when there is none
	Host       Host                `json:"host"`
	Clock      Fact[time.Duration] `json:"clock"` // Engine's clock minus ours
	Synced     Fact[bool]          `json:"synced"`
	Site       Fact[Site]          `json:"site"`
	SiteSync   Fact[Latency]       `json:"site_sync"`
	BindLocal  Fact[bool]          `json:"bind_local"` // the bind address belongs to this host
	Port       Fact[PortUse]       `json:"port"`
	Lookups    Fact[[]Lookup]      `json:"lookups"`
	Source     Fact[Reach]         `json:"source"`
	Registries Fact[[]Reach]       `json:"registries"`
	Proxies    Proxies             `json:"proxies"`
	Inventory  Fact[Inventory]     `json:"inventory"`
}

// Engine is what the Engine says of itself.
type Engine struct {
	Address         string   `json:"address"`
	Local           bool     `json:"local"` // runs on the kernel and the disks of this host
	Version         string   `json:"version"`
	APIVersion      string   `json:"api_version"`
	OSType          string   `json:"os_type"`
	Arch            string   `json:"arch"`
	OperatingSystem string   `json:"operating_system"`
	RootDir         string   `json:"root_dir"`
	StorageDriver   string   `json:"storage_driver"`
	CPUs            int      `json:"cpus"`
	MemoryBytes     int64    `json:"memory_bytes"`
	Rootless        bool     `json:"rootless"`
	Desktop         bool     `json:"desktop"`
	Snap            bool     `json:"snap"`
	Podman          bool     `json:"podman"`
	SELinux         bool     `json:"selinux"`
	Mirrors         []string `json:"mirrors,omitempty"` // of Docker Hub
}

// Probe is what the helper container saw from inside the Engine.
type Probe struct {
	CPUs        int       `json:"cpus"`
	CPUModel    string    `json:"cpu_model"`
	CPUFlags    []string  `json:"cpu_flags"`
	Arch        string    `json:"arch"` // as Go names it
	MemoryBytes int64     `json:"memory_bytes"`
	SwapBytes   int64     `json:"swap_bytes"`
	NofileSoft  int64     `json:"nofile_soft"`
	NofileHard  int64     `json:"nofile_hard"`
	Disk        Disk      `json:"disk"`
	Sync        Latency   `json:"sync"`
	Cgroup      Cgroup    `json:"cgroup"`
	Time        time.Time `json:"time"`
}

// Disk is a file system as statfs tells it.
type Disk struct {
	Path       string `json:"path"`
	FileSystem string `json:"file_system"`
	TotalBytes int64  `json:"total_bytes"`
	FreeBytes  int64  `json:"free_bytes"` // for a user who is not root
}

// Latency is how long small writes with fdatasync took.
type Latency struct {
	Samples int           `json:"samples"`
	P50     time.Duration `json:"p50_ns"`
	P99     time.Duration `json:"p99_ns"`
}

// Cgroup holds the limits that hold inside a container; 0 is none.
type Cgroup struct {
	Version     int     `json:"version"`
	MemoryBytes int64   `json:"memory_bytes,omitempty"`
	CPUs        float64 `json:"cpus,omitempty"`
}

// NofileGrant tells whether the daemon granted a limit of open files.
type NofileGrant struct {
	Asked   int64 `json:"asked"`
	Granted bool  `json:"granted"`
	Limit   int64 `json:"limit,omitempty"` // what a container gets without asking
}

// Host is the machine on which this program runs.
type Host struct {
	OS         Fact[OS]     `json:"os"`
	Umask      Fact[uint32] `json:"umask"`
	SELinux    string       `json:"selinux"` // enforcing, permissive, or "" without
	AppArmor   bool         `json:"apparmor"`
	Root       bool         `json:"root"`        // we run as root
	Init       string       `json:"init"`        // systemd, sysv or ""
	Dockerd    bool         `json:"dockerd"`     // the daemon is installed
	EngineHere bool         `json:"engine_here"` // the docker command would talk to a socket of this host
	RootDisk   Fact[Disk]   `json:"root_disk"`   // of /, where a swap file would go
	SwapFiles  []string     `json:"swap_files"`  // swap in use
}

// OS is /etc/os-release.
type OS struct {
	ID      string   `json:"id"`
	Like    []string `json:"like,omitempty"`
	Name    string   `json:"name"`
	Version string   `json:"version"`
}

// Site is the directory of the installation, or the nearest one above it that
// exists.
type Site struct {
	Dir       string `json:"dir"`
	Exists    bool   `json:"exists"`
	Checked   string `json:"checked"` // the directory that was looked at
	Writable  bool   `json:"writable"`
	Cause     string `json:"cause,omitempty"` // why it is not writable
	Mode      uint32 `json:"mode"`            // permission bits
	NoExec    bool   `json:"noexec"`
	Disk      Disk   `json:"disk"`
	Installed bool   `json:"installed"` // a site of ours is here
}

// PortUse is who has the port that we want to publish.
type PortUse struct {
	Address string `json:"address"`
	Free    bool   `json:"free"`
	Holder  string `json:"holder,omitempty"`
	Own     bool   `json:"own,omitempty"` // held by this very site's stack
}

// Lookup is one name resolved, or why not.
type Lookup struct {
	Host  string `json:"host"`
	Error string `json:"error,omitempty"`
}

// Reach is one attempt to open a TLS connection.
type Reach struct {
	Host   string        `json:"host"`
	Proxy  string        `json:"proxy,omitempty"` // without user and password
	Took   time.Duration `json:"took_ns,omitempty"`
	Error  string        `json:"error,omitempty"`
	Soft   bool          `json:"soft,omitempty"` // a failure proves little: Reason says why
	Reason string        `json:"reason,omitempty"`
}

// Proxies are the three places in which Docker hosts name a proxy.
type Proxies struct {
	Shell  Proxy       `json:"shell"`
	Daemon Fact[Proxy] `json:"daemon"`
	Client Fact[Proxy] `json:"client"` // ~/.docker/config.json, handed to containers
}

// Proxy is one place's settings, without user and password.
type Proxy struct {
	HTTP  string `json:"http,omitempty"`
	HTTPS string `json:"https,omitempty"`
	No    string `json:"no,omitempty"`
}

// Inventory is what the Engine holds that may be a Sentry.
type Inventory struct {
	Volumes    []Volume    `json:"volumes,omitempty"`
	Containers []Container `json:"containers,omitempty"`
}

// Volume is a volume on the Engine. Project is its Compose label, "" for one
// made outside of Compose.
type Volume struct {
	Name    string `json:"name"`
	Project string `json:"project,omitempty"`
}

// Container is a container on the Engine with its Compose labels.
type Container struct {
	Name    string `json:"name"`
	Project string `json:"project,omitempty"`
	Dir     string `json:"dir,omitempty"` // of the compose project
	State   string `json:"state"`
}
