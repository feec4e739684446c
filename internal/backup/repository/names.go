package repository

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A repository keeps names as JSON, which has no room for bytes that are no
// UTF-8. Such a name stands in it as this prefix and its bytes in hex.
const rawPrefix = "=hex="

func escape(name string) string {
	if utf8.ValidString(name) && !strings.HasPrefix(name, rawPrefix) {
		return name
	}
	return rawPrefix + hex.EncodeToString([]byte(name))
}

// unescape gives the name on disk, and refuses what is no name of one file:
// a repository may be hostile.
func unescape(name string) (string, error) {
	raw := name
	if digits, is := strings.CutPrefix(name, rawPrefix); is {
		data, err := hex.DecodeString(digits)
		if err != nil {
			return "", fmt.Errorf("%q is no file name: %w", name, err)
		}
		raw = string(data)
	}
	if raw == "" || raw == "." || raw == ".." || strings.ContainsAny(raw, "/\x00") {
		return "", fmt.Errorf("%q is no file name", name)
	}
	return raw, nil
}

// unescapePath does so for each part of a slash-separated path; "" is the root.
func unescapePath(p string) (string, error) {
	if p == "" || p == "." {
		return ".", nil
	}
	parts := strings.Split(p, "/")
	for i, part := range parts {
		raw, err := unescape(part)
		if err != nil {
			return "", err
		}
		parts[i] = raw
	}
	return strings.Join(parts, "/"), nil
}

// escapePath is the way back.
func escapePath(p string) string {
	parts := strings.Split(p, "/")
	for i, part := range parts {
		parts[i] = escape(part)
	}
	return strings.Join(parts, "/")
}
