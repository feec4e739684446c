package remote

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/release"
)

const byHand = ", or download it on another machine and name the file: --source, for an upgrade --releases DIR"

// explain says what kind of trouble kept a request from being answered.
func explain(u *url.URL, err error) error {
	if errors.Is(err, context.Canceled) {
		return context.Canceled
	}
	var outer *url.Error
	if errors.As(err, &outer) { // its text repeats the URL, with what stands in it
		err = outer.Err
	}
	return fault.New(fault.Other, hint(u, err), "download %s: %w", release.Shown(u.String()), err)
}

func hint(u *url.URL, err error) string {
	var (
		dns     *net.DNSError
		op      *net.OpError
		unknown x509.UnknownAuthorityError
		verify  *tls.CertificateVerificationError
		record  tls.RecordHeaderError
		timeout net.Error
	)
	switch {
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return "Check the proxy that HTTPS_PROXY names: env | grep -i _proxy"
	case errors.As(err, &dns):
		return "Check that this machine can resolve the name: getent hosts " + dns.Name + byHand
	case errors.As(err, &unknown), errors.As(err, &verify):
		return "Add the authority of your proxy or mirror to this machine's trust store: update-ca-certificates" + byHand
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return "Check that the server speaks https: curl -sI https://" + u.Host
	case errors.As(err, &timeout) && timeout.Timeout():
		return "Check that a firewall lets this machine out, or set HTTPS_PROXY" + byHand
	}
	return "Check the connection: curl -sIL " + release.Shown(u.String()) + byHand
}

// refused says what an answer other than 200 means.
func refused(u *url.URL, status int) error {
	shown := release.Shown(u.String())
	text := fmt.Sprintf("download %s: the server answered %d %s", shown, status, http.StatusText(status))
	switch {
	case status == http.StatusNotFound, status == http.StatusGone:
		return fault.New(fault.Usage, "Check that the URL is the one that you mean: curl -sIL "+shown, "%s", text)
	case status == http.StatusProxyAuthRequired:
		return fault.New(fault.Other, "Put user and password of the proxy into HTTPS_PROXY", "%s", text)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return fault.New(fault.Other, "Check the right to read it: curl -sIL "+shown+byHand, "%s", text)
	}
	return fault.New(fault.Other, "Run the same command again later"+byHand, "%s", text)
}
