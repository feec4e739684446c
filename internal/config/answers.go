package config

// SchemaVersion is the version of the answers file that this program writes
// and reads. A file without one is taken to be of version 1.
const SchemaVersion = 1

// The profiles of a release (COMPOSE_PROFILES), there since 24.7.1.
const (
	FeatureComplete = "feature-complete"
	ErrorsOnly      = "errors-only"
)

// Answers say how a site should be. They come from a file, the environment,
// flags or the wizard. A zero field says nothing: the release's own default
// stays. The struct prints without secrets.
type Answers struct {
	Schema        int            `yaml:"schema,omitempty" json:"schema,omitempty"`
	Profile       string         `yaml:"profile,omitempty" json:"profile,omitempty"`
	Bind          string         `yaml:"bind,omitempty" json:"bind,omitempty"` // PORT or IP:PORT
	URL           string         `yaml:"url,omitempty" json:"url,omitempty"`   // as a browser sees it
	Admin         Admin          `yaml:"admin,omitempty" json:"admin,omitzero"`
	Mail          Mail           `yaml:"mail,omitempty" json:"mail,omitzero"`
	GeoIP         GeoIP          `yaml:"geoip,omitempty" json:"geoip,omitzero"`
	JSSDKAssets   bool           `yaml:"js_sdk_assets,omitempty" json:"js_sdk_assets,omitempty"`
	CustomCA      string         `yaml:"custom_ca,omitempty" json:"custom_ca,omitempty"` // directory of *.crt files
	Proxy         Proxy          `yaml:"proxy,omitempty" json:"proxy,omitzero"`
	AirGap        bool           `yaml:"air_gap,omitempty" json:"air_gap,omitempty"`
	Beacon        string         `yaml:"beacon,omitempty" json:"beacon,omitempty"` // full, anonymous or off
	RetentionDays int            `yaml:"retention_days,omitempty" json:"retention_days,omitempty"`
	Options       map[string]any `yaml:"options,omitempty" json:"options,omitempty"` // registry key to value
}

// Admin is the first superuser.
type Admin struct {
	Email    string `yaml:"email,omitempty" json:"email,omitempty"`
	Password Secret `yaml:"password,omitempty" json:"password,omitzero"`
}

// Mail says how Sentry sends mail. Domain is the name that the built-in
// server sends as (SENTRY_MAIL_HOST); Host and Port name another server.
type Mail struct {
	Backend       string `yaml:"backend,omitempty" json:"backend,omitempty"` // smtp, console or dummy
	Domain        string `yaml:"domain,omitempty" json:"domain,omitempty"`
	From          string `yaml:"from,omitempty" json:"from,omitempty"`
	ListNamespace string `yaml:"list_namespace,omitempty" json:"list_namespace,omitempty"`
	Host          string `yaml:"host,omitempty" json:"host,omitempty"`
	Port          int    `yaml:"port,omitempty" json:"port,omitempty"`
	Username      string `yaml:"username,omitempty" json:"username,omitempty"`
	Password      Secret `yaml:"password,omitempty" json:"password,omitzero"`
	UseTLS        bool   `yaml:"use_tls,omitempty" json:"use_tls,omitempty"` // STARTTLS
	UseSSL        bool   `yaml:"use_ssl,omitempty" json:"use_ssl,omitempty"` // TLS from the first byte
}

// GeoIP is the MaxMind account that the location database is fetched with.
type GeoIP struct {
	Account string `yaml:"account,omitempty" json:"account,omitempty"`
	License Secret `yaml:"license,omitempty" json:"license,omitzero"`
}

// Proxy is the outbound proxy of the site's containers.
type Proxy struct {
	HTTP    string `yaml:"http,omitempty" json:"http,omitempty"`
	HTTPS   string `yaml:"https,omitempty" json:"https,omitempty"`
	NoProxy string `yaml:"no_proxy,omitempty" json:"no_proxy,omitempty"`
}
