package option

import (
	"errors"
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Type says what a value must look like. The Go value of an option is a
// string, bool, int, float64, []string or map[string]any.
type Type string

// The types.
const (
	String   Type = "string"
	Text     Type = "text" // several lines, such as a PEM key
	Bool     Type = "bool"
	Int      Type = "int"
	Float    Type = "float"
	Port     Type = "port"
	URL      Type = "url"
	Origin   Type = "origin"  // scheme://host[:port], no path
	Email    Type = "email"   // user@host
	Mailbox  Type = "mailbox" // Name <user@host>
	Host     Type = "host"
	HostPort Type = "hostport"
	Bind     Type = "bind"     // PORT or IP:PORT
	CIDRs    Type = "cidrs"    // list of networks
	List     Type = "list"     // list of strings
	Duration Type = "duration" // 1m30s
	Days     Type = "days"
	Enum     Type = "enum"
	Image    Type = "image"
	Path     Type = "path"
	Map      Type = "map"
)

// spec is what the program knows of a type: what to call it, its Go value and
// the check on its text.
type spec struct {
	want  string
	value kind
	check func(string) error
}

type kind int

const (
	kindString kind = iota
	kindBool
	kindInt
	kindFloat
	kindList
	kindMap
)

func (t Type) spec() (spec, bool) {
	switch t {
	case String, Text:
		return spec{"a string", kindString, nil}, true
	case Bool:
		return spec{"true or false", kindBool, nil}, true
	case Int:
		return spec{"a whole number", kindInt, nil}, true
	case Float:
		return spec{"a number", kindFloat, nil}, true
	case Port:
		return spec{"a port from 1 to 65535", kindInt, checkPort}, true
	case URL:
		return spec{"a URL such as https://sentry.example.com/path", kindString, checkURL}, true
	case Origin:
		return spec{"a URL of scheme, host and port alone, such as https://sentry.example.com", kindString, checkOrigin}, true
	case Email:
		return spec{"an e-mail address such as admin@example.com", kindString, checkEmail}, true
	case Mailbox:
		return spec{"an address such as Sentry <sentry@example.com>", kindString, checkMailbox}, true
	case Host:
		return spec{"a host name or IP address", kindString, checkHost}, true
	case HostPort:
		return spec{"HOST:PORT", kindString, checkHostPort}, true
	case Bind:
		return spec{"PORT or IP:PORT, such as 9000 or 127.0.0.1:9000", kindString, checkBind}, true
	case CIDRs:
		return spec{"a list of networks such as 10.0.0.0/8", kindList, checkCIDR}, true
	case List:
		return spec{"a list of strings", kindList, nil}, true
	case Duration:
		return spec{"a duration such as 1m30s", kindString, checkDuration}, true
	case Days:
		return spec{"a number of days, 1 or more", kindInt, checkDays}, true
	case Enum:
		return spec{"one of its values", kindString, nil}, true
	case Image:
		return spec{"an image reference such as ghcr.io/getsentry/sentry:26.8.0", kindString, checkImage}, true
	case Path:
		return spec{"a path", kindString, checkPath}, true
	case Map:
		return spec{"a mapping", kindMap, nil}, true
	default:
		return spec{}, false
	}
}

func (t Type) known() bool { _, ok := t.spec(); return ok }

// Want says what a value of o must be, for an error or a prompt.
func (o Option) Want() string {
	s, _ := o.Type.spec()
	switch {
	case o.Type == Enum:
		return "one of " + strings.Join(o.Values, ", ")
	case o.Min != nil && o.Max != nil:
		return fmt.Sprintf("%s from %d to %d", s.want, *o.Min, *o.Max)
	case o.Min != nil:
		return fmt.Sprintf("%s, %d or more", s.want, *o.Min)
	default:
		return s.want
	}
}

var errNot = errors.New("not of that type")

func not(ok bool) error {
	if ok {
		return nil
	}
	return errNot
}

func checkPort(s string) error {
	n, err := strconv.ParseUint(s, 10, 16)
	return not(err == nil && n > 0)
}

func checkDays(s string) error {
	n, err := strconv.ParseUint(s, 10, 31)
	return not(err == nil && n > 0)
}

func checkURL(s string) error {
	u, err := url.Parse(s)
	return not(err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.User == nil && checkHost(u.Hostname()) == nil &&
		(u.Port() == "" || checkPort(u.Port()) == nil) && !strings.ContainsFunc(s, isBlank))
}

func checkOrigin(s string) error {
	u, err := url.Parse(s)
	if err != nil || checkURL(s) != nil {
		return errNot
	}
	return not((u.Path == "" || u.Path == "/") && u.RawQuery == "" && u.Fragment == "" && !u.ForceQuery)
}

func checkEmail(s string) error {
	a, err := mail.ParseAddress(s)
	return not(err == nil && a.Name == "" && a.Address == s)
}

func checkMailbox(s string) error {
	_, err := mail.ParseAddress(s)
	return not(err == nil)
}

var hostName = regexp.MustCompile(`^([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.?$`)

func checkHost(s string) error {
	if _, err := netip.ParseAddr(s); err == nil {
		return nil
	}
	// A name of digits and dots alone is an address with a slip in it.
	return not(len(s) <= 253 && hostName.MatchString(s) && strings.Trim(s, "0123456789.") != "")
}

func checkHostPort(s string) error {
	host, port, ok := cutPort(s)
	return not(ok && checkHost(host) == nil && checkPort(port) == nil)
}

func checkBind(s string) error {
	if checkPort(s) == nil {
		return nil
	}
	host, port, ok := cutPort(s)
	_, err := netip.ParseAddr(host)
	return not(ok && err == nil && checkPort(port) == nil)
}

// cutPort splits HOST:PORT; an IPv6 host stands in brackets.
func cutPort(s string) (host, port string, ok bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return "", "", false
	}
	host, port = s[:i], s[i+1:]
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		return host[1 : len(host)-1], port, true
	}
	return host, port, !strings.Contains(host, ":")
}

func checkCIDR(s string) error {
	_, err := netip.ParsePrefix(s)
	return not(err == nil)
}

func checkDuration(s string) error {
	d, err := time.ParseDuration(s)
	return not(err == nil && d > 0)
}

var imageRef = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*(:[0-9]+)?(/[a-z0-9][a-z0-9._-]*)*(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?$`)

func checkImage(s string) error { return not(imageRef.MatchString(s)) }

func checkPath(s string) error { return not(s != "" && !strings.ContainsAny(s, "\x00\n\r")) }

func isBlank(r rune) bool { return r <= ' ' || r == 0x7f }

func (o Option) allows(s string) bool { return o.Type != Enum || slices.Contains(o.Values, s) }
