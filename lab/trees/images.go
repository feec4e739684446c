package trees

import (
	"fmt"
	"slices"

	"github.com/sentryctl/sentryctl/internal/calver"
)

// prefix is that of lab/images, which this package need not import.
const prefix = "sentryctl-lab/"

// pin is the tag of a foreign program in a range of versions.
type pin struct {
	role string
	tag  string
	calver.Range
}

// pins follow the images sections of upstream's compose files.
func pins() []pin {
	return []pin{
		{"clickhouse", "21.8.13.1.altinitystable", until("24.4.1")},
		{"clickhouse", "23.8.11.29.altinitystable", between("24.6.0", "25.8.0")},
		{"clickhouse", "25.3.6.10034.altinitystable", since("25.9.0")},
		{"geoipupdate", "v4.7.1", until("24.4.1")},
		{"geoipupdate", "v6.1.0", between("24.6.0", "24.12.1")},
		{"kafka", "5.5.7", until("24.4.1")},
		{"kafka", "7.6.1", between("24.6.0", "25.8.0")},
		{"kafka", "7.6.6", since("25.9.0")},
		{"memcached", "1.6.21-alpine", until("24.4.0")},
		{"memcached", "1.6.26-alpine", between("24.4.1", "26.6.0")},
		{"memcached", "1.6.45-alpine", since("26.7.0")},
		{"nginx", "1.25.1-alpine", until("23.10.0")},
		{"nginx", "1.25.2-alpine", between("23.10.1", "24.1.2")},
		{"nginx", "1.25.4-alpine", between("24.2.0", "25.8.0")},
		{"nginx", "1.29.1-alpine", between("25.9.0", "26.1.0")},
		{"nginx", "1.31.3-alpine", since("26.2.0")},
		{"pgbouncer", "v1.24.1-p1", between("25.9.0", "26.6.0")},
		{"pgbouncer", "v1.25.2-p0", since("26.7.0")},
		{"postgres", "14.5", until("24.4.1")},
		{"postgres", "14.11", between("24.6.0", "25.8.0")},
		{"postgres", "14.19-bookworm", between("25.9.0", "26.3.1")},
		{"postgres", "14.23-bookworm", since("26.4.0")},
		{"redis", "6.2.12-alpine", until("23.9.1")},
		{"redis", "6.2.13-alpine", between("23.10.0", "24.4.0")},
		{"redis", "6.2.14-alpine", between("24.4.1", "25.8.0")},
		{"redis", "6.2.20-alpine", between("25.9.0", "26.7.2")},
		{"valkey", "8.1.9-alpine", since("26.8.0")},
		{"seaweedfs", "3.96_large_disk", between("25.9.0", "26.1.0")},
		{"seaweedfs", "4.40_large_disk", since("26.2.0")},
		{"smtp", "latest", calver.Range{}},
		{"zookeeper", "5.5.7", until("24.4.1")},
		{"zookeeper", "7.6.1", between("24.6.0", "24.7.1")},
	}
}

// own are Sentry's own images, tagged with the release.
func own(v calver.Version) []string {
	roles := []string{"relay", "sentry", "snuba", "symbolicator", "vroom"}
	if since("25.6.0").Contains(v) {
		roles = append(roles, "taskbroker")
	}
	if since("25.7.0").Contains(v) {
		roles = append(roles, "uptime-checker")
	}
	if since("26.5.0").Contains(v) {
		roles = append(roles, "launchpad")
	}
	return roles
}

func imageOf(role string, v calver.Version) (string, error) {
	if role == "redis" && since("26.8.0").Contains(v) {
		role = "valkey"
	}
	if slices.Contains(own(v), role) {
		return prefix + role + ":" + v.String(), nil
	}
	for _, p := range pins() {
		if p.role == role && p.Contains(v) {
			return prefix + role + ":" + p.tag, nil
		}
	}
	return "", fmt.Errorf("release %s has no image %q", v, role)
}

// Images are the images that the releases name, sorted.
func Images(versions ...string) ([]string, error) {
	var refs []string
	for _, version := range versions {
		v, err := calver.Parse(version)
		if err != nil {
			return nil, err
		}
		for _, role := range own(v) {
			refs = append(refs, prefix+role+":"+version)
		}
		for _, p := range pins() {
			if p.Contains(v) {
				refs = append(refs, prefix+p.role+":"+p.tag)
			}
		}
	}
	slices.Sort(refs)
	return slices.Compact(refs), nil
}

// LocalImages are the images that sites with a prefix build from the trees.
func LocalImages(prefix string) []string {
	var names []string
	for _, name := range []string{"clickhouse", "sentry-cleanup", "sentry", "symbolicator-cleanup", "vroom-cleanup"} {
		names = append(names, prefix+"-"+name+"-local")
	}
	return names
}

// Image is the image that plays a role in a release.
func Image(role, version string) (string, error) {
	v, err := calver.Parse(version)
	if err != nil {
		return "", err
	}
	return imageOf(role, v)
}
