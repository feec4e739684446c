package relay

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/sentryctl/sentryctl/lab/standin/bus"
	"github.com/sentryctl/sentryctl/lab/standin/proc"
)

type settings struct {
	upstream string // base URL of web
	host     string
	port     string
	brokers  []string
}

// loadConfig reads config.yml; without one, relay's own defaults hold.
func loadConfig(p *proc.Proc, dir string) (settings, error) {
	s := settings{upstream: "http://web:9000", host: "0.0.0.0", port: "3000", brokers: bus.Brokers(p)}
	data, err := os.ReadFile(filepath.Join(dir, "config.yml"))
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("read config: %w", err)
	}
	var file struct {
		Relay struct {
			Upstream, Host, Port string
		}
		Processing struct {
			Kafka []struct {
				Name  string
				Value any
			} `yaml:"kafka_config"`
		}
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		return s, proc.Exit(1, "error: could not open config file %s: %v", filepath.Join(dir, "config.yml"), err)
	}
	set := func(to *string, v string) {
		if v = os.Expand(v, p.Getenv); v != "" {
			*to = strings.TrimSuffix(v, "/")
		}
	}
	set(&s.upstream, file.Relay.Upstream)
	set(&s.host, file.Relay.Host)
	set(&s.port, file.Relay.Port)
	for _, o := range file.Processing.Kafka {
		if o.Name == "bootstrap.servers" {
			s.brokers = strings.Split(os.Expand(fmt.Sprint(o.Value), p.Getenv), ",")
		}
	}
	return s, nil
}

func showConfig(p *proc.Proc, dir string) error {
	s, err := loadConfig(p, dir)
	if err != nil {
		return err
	}
	p.Printf("relay:\n  mode: managed\n  upstream: %s/\n  host: %s\n  port: %s\n", s.upstream, s.host, s.port)
	return nil
}
