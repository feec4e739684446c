package backup

import (
	"encoding/json"
	"regexp"
	"time"

	"github.com/sentryctl/sentryctl/internal/fault"
)

// Mode is how a backup deals with services that write.
type Mode string

// The modes.
const (
	Precopy Mode = "precopy" // a first pass while all run, then a short rest
	Cold    Mode = "cold"    // everything stopped for the whole of it
	Hot     Mode = "hot"     // nothing rests: the databases lay down copies
	Ahead   Mode = "ahead"   // nothing rests, files are read as they are: for a pass before another, no backup
)

// Modes lists those of a backup, the default first.
func Modes() []Mode { return []Mode{Precopy, Cold, Hot} }

// Guarantees says in plain words what a mode does not promise; "" for nothing.
func (m Mode) Guarantees() string {
	if m == Hot {
		return "nothing rested. PostgreSQL is as it was at the end of its own base backup, ClickHouse as when its tables were frozen, one after the other; " +
			"files of other stores, such as the object storage, were read while they were written. So the stores may disagree about the minutes of the backup, " +
			"and an event of that time may lack its details"
	}
	return ""
}

// moving tells that files are read while services write them.
func (m Mode) moving() bool { return m == Hot || m == Ahead }

const manifestSchema = 1

// Manifest says what one backup holds. It is written last: a backup without
// one did not come to its end. No secret stands in it but those of the
// configuration that is part of the backup anyway.
type Manifest struct {
	Schema     int               `json:"schema"`
	Set        string            `json:"set"` // ties the snapshots of one backup
	Site       string            `json:"site"`
	Version    string            `json:"version"` // of Sentry
	Tool       string            `json:"tool"`
	Profile    string            `json:"profile,omitempty"`
	Mode       Mode              `json:"mode"`
	Begun      time.Time         `json:"begun"`
	Ended      time.Time         `json:"ended"`
	Volumes    []SavedVolume     `json:"volumes"`
	Omitted    []Volume          `json:"omitted"`
	SiteFiles  Saved             `json:"site_files"`
	Images     map[string]string `json:"images"`            // reference, ID
	Digests    map[string]string `json:"digests,omitempty"` // reference, what its registry calls it
	Engines    map[string]string `json:"engines"`           // versions: postgres: "14", as its data says; clickhouse, redis, as they say
	Offsets    []Offset          `json:"offsets,omitempty"`
	NoOffsets  string            `json:"no_offsets,omitempty"` // why they could not be read
	Census     *Census           `json:"census,omitempty"`
	Rested     Rest              `json:"rested"`
	Downtime   Downtime          `json:"downtime"`
	Bytes      int64             `json:"bytes"`
	Files      int64             `json:"files"`
	Added      int64             `json:"added"` // what the repository grew by
	Guarantees string            `json:"guarantees,omitempty"`
}

// Saved is one snapshot in the repository.
type Saved struct {
	Snapshot string `json:"snapshot"`
	Root     string `json:"root"` // digest of the tree
	Bytes    int64  `json:"bytes"`
	Files    int64  `json:"files"`
}

// SavedVolume is a volume that the backup holds.
type SavedVolume struct {
	Volume
	Saved
	Skipped []string `json:"skipped,omitempty"` // sockets, pipes and devices in it
}

// Offset is where a consumer group stood in a partition.
type Offset struct {
	Group     string `json:"group"`
	Topic     string `json:"topic"`
	Partition int    `json:"partition"`
	Offset    int64  `json:"offset"`
	Lag       int64  `json:"lag,omitempty"` // what of the log it had not read
}

// Downtime is what was seen from outside, and what was expected.
type Downtime struct {
	Rest      time.Duration `json:"rest_ns"`      // from the first service that rested to the last that went on
	Predicted time.Duration `json:"predicted_ns"` // 0: nothing was known
	UI        time.Duration `json:"ui_ns"`
	Ingest    time.Duration `json:"ingest_ns"`
}

// Prediction says in words what was expected.
func (d Downtime) Prediction() string {
	if d.Predicted == 0 {
		return "nothing was predicted"
	}
	return "predicted: " + d.Predicted.Round(time.Millisecond).String()
}

// Encode gives the manifest as it stands in the repository.
func (m Manifest) Encode() ([]byte, error) {
	m.Schema = manifestSchema
	return json.MarshalIndent(m, "", "  ")
}

// DecodeManifest reads one. A newer schema is refused, as it may ask for what
// this sentryctl does not know.
func DecodeManifest(data []byte) (Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fault.New(fault.Integrity, "Look at what is damaged: sentryctl backup verify", "the manifest of the backup is not readable: %w", err)
	}
	if m.Schema < 1 || m.Schema > manifestSchema {
		return m, fault.New(fault.Other, "Use the newer sentryctl that wrote it", "the manifest has schema %d, this sentryctl knows %d", m.Schema, manifestSchema)
	}
	for _, name := range append(namesIn(m.Volumes), m.Set) {
		if !plainName.MatchString(name) {
			return m, fault.New(fault.Integrity, "Restore another backup: sentryctl backup list", "the manifest of the backup holds %q, which is no name", name)
		}
	}
	return m, nil
}

// plainName is what backups and volumes are called. Directories are named after
// them, and a repository may be hostile.
var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)

func namesIn(volumes []SavedVolume) (names []string) {
	for _, v := range volumes {
		names = append(names, v.Name)
	}
	return names
}
