package wizard

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
)

func addressPage() page {
	return page{
		id: "address", title: "Address and reverse proxy",
		questions: []question{
			question{id: "tls", label: "TLS", help: "Sentry itself speaks plain HTTP. For https, a reverse proxy with the certificate stands in front of it and passes X-Forwarded-Proto; sentryctl config proxy prints one for nginx, Caddy, Traefik and HAProxy."}.of(
				choice{"none", "None: browsers use http"},
				choice{"proxy", "A reverse proxy in front: browsers use https"},
			),
			keyed("url", "Address in a browser", "How people and SDKs reach this Sentry: scheme, host and, if it is an unusual one, port. It stands in links in mails and in every DSN, so use a name that stays.").
				checked(checkURL),
			keyed("bind", "Listens on", "Port, or address and port, on this host. Behind a proxy on the same host, 127.0.0.1:9000 keeps others from going around it.").
				like("9000"),
			{
				id: "reach", kind: action, label: "Try the address",
				help: "Listens on that port for a moment and asks for a page under the address above: proves DNS, firewall and proxy before anything is installed.",
				run: func(ctx context.Context, d *draft) (string, error) {
					u := d.get("url")
					if err := d.in.Checks.Reach(ctx, u, d.bind()); err != nil {
						return "", err
					}
					return u + " leads to this host", nil
				},
				shown: func(d *draft) bool { return d.in.Checks.Reach != nil && d.get("url") != "" && d.portError() == nil },
			},
		},
		note: (*draft).addressNote,
	}
}

func (d *draft) loadAddress() {
	if d.values["url"] == "" && d.in.Workflow == Install {
		d.values["url"] = d.guessURL()
		d.auto["url"] = d.values["url"]
	}
	d.values["tls"] = "none"
	if strings.HasPrefix(d.values["url"], "https://") {
		d.values["tls"] = "proxy"
	}
}

// guessURL is the address under which a browser may reach Sentry: of this
// host or, without a proxy, of the one address that is listened on.
func (d *draft) guessURL() string {
	host := d.in.Host
	if d.get("tls") == "proxy" {
		return "https://" + host
	}
	if address, _, err := net.SplitHostPort(d.bind()); err == nil {
		if ip := net.ParseIP(address); ip != nil && !ip.IsUnspecified() {
			host = address
		}
	}
	if host == "" {
		return ""
	}
	return "http://" + net.JoinHostPort(host, d.bindPort())
}

// followTLS gives the address the scheme of the choice. The port that Sentry
// listens on is no part of an address that a proxy serves.
func (d *draft) followTLS() {
	scheme, proxied := "http", d.get("tls") == "proxy"
	if proxied {
		scheme = "https"
		d.propose("bind", "127.0.0.1:"+d.bindPort())
	} else if d.values["bind"] == d.auto["bind"] {
		d.values["bind"], d.auto["bind"] = "", ""
	}
	if d.values["url"] == d.auto["url"] { // nobody has said otherwise
		d.values["url"] = d.guessURL()
		d.auto["url"] = d.values["url"]
		return
	}
	u, err := url.Parse(d.values["url"])
	if err != nil || u.Host == "" || u.Scheme == scheme {
		return
	}
	u.Scheme = scheme
	switch {
	case proxied && u.Port() == d.bindPort():
		u.Host = strings.TrimSuffix(u.Host, ":"+u.Port())
	case !proxied && u.Port() == "" && d.bindPort() != "80":
		u.Host += ":" + d.bindPort()
	}
	d.values["url"] = u.String()
}

// checkURL wants the scheme that the answer on TLS asks for.
func checkURL(d *draft, value string) error {
	switch {
	case value == "" && d.get("tls") == "proxy":
		return errors.New("give the https address that the proxy serves")
	case value == "":
		return nil
	case d.get("tls") == "proxy" && !strings.HasPrefix(value, "https://"):
		return errors.New("with TLS the address begins with https://")
	case d.get("tls") == "none" && !strings.HasPrefix(value, "http://"):
		return errors.New("without TLS the address begins with http://")
	}
	return nil
}

// bind is where Sentry is going to listen.
func (d *draft) bind() string {
	if b := d.get("bind"); b != "" {
		return b
	}
	if b := d.in.Defaults["bind"]; b != "" {
		return b
	}
	return "9000"
}

func (d *draft) bindPort() string {
	b := d.bind()
	return b[strings.LastIndexByte(b, ':')+1:]
}

// portError tells why the address cannot be bound, nil when it can or nobody
// knows. Each is tried once.
func (d *draft) portError() error {
	bind := d.bind()
	if o := keyed("bind", "", ""); d.in.Checks.Port == nil || o.verify(d, bind) != nil {
		return nil
	}
	err, tried := d.ports[bind]
	if !tried {
		err = d.in.Checks.Port(bind)
		d.ports[bind] = err
	}
	return err
}

func (d *draft) addressNote() []string {
	var notes []string
	if d.get("tls") == "proxy" {
		notes = append(notes, row("SECURE_PROXY_SSL_HEADER", "X-Forwarded-Proto: https"),
			row("SESSION_COOKIE_SECURE", "True"), row("CSRF_COOKIE_SECURE", "True"))
	}
	if u := d.get("url"); u != "" && has("CSRF_TRUSTED_ORIGINS")(d) {
		notes = append(notes, row("CSRF_TRUSTED_ORIGINS", u))
	}
	if len(notes) > 0 {
		notes = append([]string{"sentry.conf.py gets from this:"}, notes...)
	}
	if o := keyed("bind", "", ""); d.in.Checks.Port == nil || d.in.Workflow != Install || o.verify(d, d.bind()) != nil {
		return notes
	}
	if err := d.portError(); err != nil {
		return append(notes, "! "+d.bind()+": "+err.Error())
	}
	return append(notes, "✓ Port "+d.bindPort()+" is free.")
}
