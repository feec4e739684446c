package adapt

import (
	"fmt"
	"strings"

	"github.com/sentryctl/sentryctl/lab/images"
)

// roleNames are the lab's roles for images whose name is another.
func roleNames() map[string]string {
	return map[string]string{
		"cp-kafka": "kafka", "cp-zookeeper": "zookeeper", "clickhouse-server": "clickhouse", "exim4": "smtp",
	}
}

// labImage turns "altinity/clickhouse-server:25.3.6" into the lab's image that
// stands in for it, with the same tag. A digest is left out.
func labImage(ref string) (string, error) {
	plain, _, _ := strings.Cut(ref, "@")
	name := plain[strings.LastIndexByte(plain, '/')+1:]
	name, tag, tagged := strings.Cut(name, ":")
	if !tagged {
		tag = "latest"
	}
	if role := roleNames()[name]; role != "" {
		name = role
	}
	lab := images.Prefix + name + ":" + tag
	if _, _, err := images.Split(lab); err != nil {
		return "", fmt.Errorf("the lab has no stand-in for image %s", ref)
	}
	return lab, nil
}
