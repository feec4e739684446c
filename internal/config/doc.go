// Package config owns how a site is configured: the answers that an admin
// gives, the checks on them, and the files that follow from them, in memory.
// It reads answers and secret files; it writes nothing and knows no Engine.
//
// Its parts: option (the registry of what can be set), envfile, yamltext and
// pyconf (careful edits of the three kinds of file), merge (an admin's edits
// brought over to another release).
package config
