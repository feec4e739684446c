package clickhouse

import "strings"

func (p *parser) create() *statement {
	if p.words("DATABASE") {
		st := &statement{verb: "CREATE DATABASE", lenient: p.words("IF", "NOT", "EXISTS"), name: p.ident()}
		if p.words("ENGINE") {
			p.need("=")
			p.ident()
		}
		return st
	}
	p.words("OR", "REPLACE")
	if !p.words("TABLE") {
		p.unexpected()
	}
	st := &statement{verb: "CREATE TABLE", lenient: p.words("IF", "NOT", "EXISTS"), target: p.target()}
	if p.words("UUID") {
		st.uuid = p.text()
	}
	p.need("(")
	for p.err == nil && !p.mark(")") {
		if p.words("INDEX") || p.words("PROJECTION") || p.words("CONSTRAINT") {
			p.until()
		} else {
			st.columns = append(st.columns, p.column())
		}
		p.mark(",")
	}
	st.engine = "MergeTree ORDER BY tuple()"
	if p.words("ENGINE") {
		p.need("=")
		st.engine = p.rest()
	}
	return st
}

// column reads NAME TYPE and skips DEFAULT, CODEC, TTL and the like.
func (p *parser) column() column {
	c := column{name: p.ident()}
	start := p.tok.end - len(p.tok.text)
	p.ident()
	end := start + len(strings.TrimSpace(p.src[start:p.tokStart()]))
	if p.tok.kind == tokMark && p.tok.text == "(" {
		p.group()
		end = start + len(strings.TrimSpace(p.src[start:p.tokStart()]))
	}
	if p.err == nil {
		c.kind = p.src[start:end]
	}
	p.until()
	return c
}

// tokStart is the offset of the token that is next.
func (p *parser) tokStart() int {
	if p.tok.kind == tokString || p.tok.kind == tokQuoted {
		return p.tok.end - len(p.tok.text) - 2
	}
	return p.tok.end - len(p.tok.text)
}

// group skips a pair of parentheses with all that is in it.
func (p *parser) group() {
	p.need("(")
	for p.err == nil && !p.mark(")") {
		switch {
		case p.tok.kind == tokEnd:
			p.unexpected()
		case p.tok.kind == tokMark && p.tok.text == "(":
			p.group()
		default:
			p.next()
		}
	}
}

// until skips to the comma or parenthesis that ends a definition.
func (p *parser) until() {
	for p.err == nil && p.tok.kind != tokEnd && !(p.tok.kind == tokMark && (p.tok.text == "," || p.tok.text == ")")) {
		if p.tok.kind == tokMark && p.tok.text == "(" {
			p.group()
			continue
		}
		p.next()
	}
}

// rest takes the remaining text up to a semicolon.
func (p *parser) rest() string {
	start := p.tokStart()
	for p.err == nil && p.tok.kind != tokEnd && !(p.tok.kind == tokMark && p.tok.text == ";") {
		p.next()
	}
	if p.err != nil {
		return ""
	}
	return strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(p.src[start:]), ";"))
}
