package machine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/sentryctl/sentryctl/internal/preflight"
)

// ShellProxy returns the proxy of the environment. Programs disagree on the
// case of the names; the lower one is the older.
func ShellProxy(env func(string) string) preflight.Proxy {
	either := func(upper, lower string) string {
		if v := env(upper); v != "" {
			return v
		}
		return env(lower)
	}
	return preflight.Proxy{
		HTTP:  Bare(either("HTTP_PROXY", "http_proxy")),
		HTTPS: Bare(either("HTTPS_PROXY", "https_proxy")),
		No:    either("NO_PROXY", "no_proxy"),
	}
}

// Bare returns an address without user and password, which no report may
// repeat. What cannot be parsed is not repeated at all.
func Bare(address string) string {
	if address == "" {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		if u, err = url.Parse("http://" + address); err != nil {
			return "(not a URL)"
		}
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host}).String()
}

// ClientProxy returns the default proxy of the docker command's configuration,
// which is handed to every container and build. dir is $DOCKER_CONFIG, "" for
// the usual place.
func ClientProxy(dir string) (preflight.Proxy, error) {
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return preflight.Proxy{}, err
		}
		dir = filepath.Join(home, ".docker")
	}
	data, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return preflight.Proxy{}, nil
	}
	if err != nil {
		return preflight.Proxy{}, err
	}
	return parseClientProxy(data)
}

func parseClientProxy(data []byte) (preflight.Proxy, error) {
	var conf struct {
		Proxies map[string]struct {
			HTTPProxy  string `json:"httpProxy"`
			HTTPSProxy string `json:"httpsProxy"`
			NoProxy    string `json:"noProxy"`
		} `json:"proxies"`
	}
	if err := json.Unmarshal(data, &conf); err != nil {
		// The file may hold passwords; the error of the parser quotes it.
		return preflight.Proxy{}, fmt.Errorf("the docker command's config.json is not valid JSON")
	}
	p := conf.Proxies["default"]
	return preflight.Proxy{HTTP: Bare(p.HTTPProxy), HTTPS: Bare(p.HTTPSProxy), No: p.NoProxy}, nil
}
