// Package templates holds the text of what the project renders. It is data:
// internal/config fills it in.
package templates

import "embed"

// FS holds the templates; they are in the language of text/template.
//
//go:embed *.tmpl proxy/*.tmpl schedule/*.tmpl
var FS embed.FS
