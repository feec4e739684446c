// Package arch owns one test: the table of allowed imports.
package arch
