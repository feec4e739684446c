package nodestore

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/sentryctl/sentryctl/lab/standin/sentry/conf"
)

const (
	longTime  = "20060102T150405Z"
	shortTime = "20060102"
)

// sign adds the headers of AWS Signature Version 4 to a request without a
// query.
func sign(req *http.Request, body []byte, c conf.S3, now time.Time) {
	if c.Access == "" {
		return
	}
	sum := hexSum(body)
	req.Header.Set("X-Amz-Date", now.Format(longTime))
	req.Header.Set("X-Amz-Content-Sha256", sum)
	const signed = "host;x-amz-content-sha256;x-amz-date"
	canonical := strings.Join([]string{
		req.Method, req.URL.EscapedPath(), "",
		"host:" + req.URL.Host, "x-amz-content-sha256:" + sum, "x-amz-date:" + now.Format(longTime), "",
		signed, sum,
	}, "\n")
	scope := now.Format(shortTime) + "/" + c.Region + "/s3/aws4_request"
	toSign := strings.Join([]string{"AWS4-HMAC-SHA256", now.Format(longTime), scope, hexSum([]byte(canonical))}, "\n")
	key := []byte("AWS4" + c.Secret)
	for _, part := range []string{now.Format(shortTime), c.Region, "s3", "aws4_request"} {
		key = mac(key, part)
	}
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+c.Access+"/"+scope+", SignedHeaders="+signed+", Signature="+hex.EncodeToString(mac(key, toSign)))
}

func mac(key []byte, s string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(s))
	return h.Sum(nil)
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
