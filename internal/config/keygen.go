package config

import "crypto/rand"

// safeAlphabet has 64 characters, so that six random bits choose one without
// bias, and none that YAML single quotes, a .env file, Python or a shell reads
// as anything but itself. Upstream's alphabet holds &, ^, * and others that
// need quoting; a shell that sources the file must not.
const safeAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

// SecretKeyLength is the length of Sentry's own generated keys.
const SecretKeyLength = 50

// GenerateSecretKey returns a new system.secret-key: 50 characters from
// crypto/rand, 300 bits.
func GenerateSecretKey() string { return random(SecretKeyLength) }

// GeneratePassword returns a password of 24 characters (144 bits).
func GeneratePassword() string { return random(24) }

func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program first
	for i := range b {
		b[i] = safeAlphabet[b[i]&63]
	}
	if b[0] == '-' || b[0] == '_' { // a leading dash looks like a flag to a command
		return random(n)
	}
	return string(b)
}
