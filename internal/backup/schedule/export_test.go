package schedule

import "strings"

// Unescaped is a word of a cron line as cron hands it to the shell.
func Unescaped(word string) string { return strings.ReplaceAll(quoteCron(word), `\%`, "%") }
