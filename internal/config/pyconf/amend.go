package pyconf

import (
	"bytes"
	"errors"
	"slices"
)

// The cache backends that the releases went through. Source: the installers'
// check-memcached-backend.sh and examples of getsentry/self-hosted, 23.6.2 to 26.8.0.
const (
	memcachedCache  = "django.core.cache.backends.memcached.MemcachedCache"
	pymemcacheCache = "django.core.cache.backends.memcached.PyMemcacheCache"
	reconnectingOne = "sentry.cache.backends.reconnectingmemcache.ReconnectingMemcache"
)

// errByHand is for a file that says it in a way that we do not know.
var errByHand = errors.New("CACHES is written in a way that cannot be edited safely")

// PyMemcache moves CACHES from the backend that Django 4 dropped to its
// successor, which releases since 24.1.2 insist on. The one option that the
// old examples gave it, a size limit, is unknown to the successor and goes.
func PyMemcache(src []byte) (out []byte, changed bool, err error) {
	s, err := scan(src)
	if err != nil {
		return nil, false, err
	}
	backend, ok := s.literal(memcachedCache)
	if !ok {
		return src, false, nil
	}
	edits := []replacement{{backend, s.quoted(backend, pymemcacheCache)}}
	if limit, ok := s.literal("server_max_value_length"); ok {
		body, ok := s.onlyItem(limit)
		if !ok {
			return nil, false, errByHand
		}
		edits = append(edits, replacement{body, `"ignore_exc": True`})
	}
	return amend(src, edits)
}

// ReconnectingMemcache moves CACHES to the backend that keeps one client per
// thread, which releases since 26.5.1 insist on: the one before deadlocks under
// their thread pools (getsentry/self-hosted issue 4301).
func ReconnectingMemcache(src []byte) (out []byte, changed bool, err error) {
	src, first, err := PyMemcache(src)
	if err != nil {
		return nil, false, err
	}
	s, err := scan(src)
	if err != nil {
		return nil, false, err
	}
	backend, ok := s.literal(pymemcacheCache)
	if !ok {
		return src, first, nil
	}
	edits := []replacement{{backend, s.quoted(backend, reconnectingOne)}}
	if _, ok := s.literal("reconnect_age"); !ok {
		e, ok := s.addOption(backend, `"reconnect_age": 300`)
		if !ok {
			return nil, false, errByHand
		}
		edits = append(edits, e)
	}
	return amend(src, edits)
}

// PgBouncer lets DATABASES connect through the pooler that releases since
// 25.9.0 bring. A host other than the release's own PostgreSQL stays.
func PgBouncer(src []byte) (out []byte, changed bool, err error) {
	s, err := scan(src)
	if err != nil {
		return nil, false, err
	}
	i := slices.IndexFunc(s.statements, func(st statement) bool { return st.first == "DATABASES" && st.indent == 0 })
	if i < 0 {
		return src, false, nil
	}
	end := len(src)
	if i+1 < len(s.statements) {
		end = s.statements[i+1].start
	}
	var edits []replacement
	for n, l := range s.literals[:max(0, len(s.literals)-1)] {
		host := s.literals[n+1]
		between := bytes.TrimSpace(src[l.end:host.start])
		if l.start > s.statements[i].start && host.end <= end && s.text(l) == "HOST" && string(between) == ":" && s.text(host) == "postgres" {
			edits = append(edits, replacement{host, s.quoted(host, "pgbouncer")})
		}
	}
	return amend(src, edits)
}

// replacement is one edit of the text.
type replacement struct {
	span
	with string
}

// amend makes the edits and reads the result again.
func amend(src []byte, edits []replacement) ([]byte, bool, error) {
	slices.SortFunc(edits, func(a, b replacement) int { return b.start - a.start })
	out := src
	for _, e := range edits {
		out = slices.Concat(out[:e.start], []byte(e.with), out[e.end:])
	}
	_, err := scan(out)
	return out, len(edits) > 0, err
}

// text returns what a literal without prefix holds, as written.
func (s *scanner) text(l span) string {
	return string(bytes.Trim(s.src[l.start:l.end], string(s.src[l.start])))
}

// quoted returns value in the quotes of the literal l.
func (s *scanner) quoted(l span, value string) string {
	q := string(s.src[l.start])
	return q + value + q
}

// literal returns the first literal that holds value.
func (s *scanner) literal(value string) (span, bool) {
	i := slices.IndexFunc(s.literals, func(l span) bool { return s.text(l) == value })
	if i < 0 {
		return span{}, false
	}
	return s.literals[i], true
}

// around returns the innermost brackets around l.
func (s *scanner) around(l span) (span, bool) {
	i := slices.IndexFunc(s.pairs, func(p span) bool { return p.start < l.start && l.end < p.end })
	if i < 0 {
		return span{}, false
	}
	return s.pairs[i], true
}

// onlyItem returns what stands between the brackets around l, without blanks,
// if l begins the only item there.
func (s *scanner) onlyItem(l span) (span, bool) {
	p, ok := s.around(l)
	if !ok || len(bytes.TrimSpace(s.src[p.start+1:l.start])) > 0 {
		return span{}, false
	}
	body := bytes.TrimRight(s.src[l.start:p.end-1], " \t\r\n,")
	depth := 0
	for _, c := range body {
		switch {
		case bytes.IndexByte([]byte("([{"), c) >= 0:
			depth++
		case bytes.IndexByte([]byte(")]}"), c) >= 0:
			depth--
		case c == ',' && depth == 0, c == '#':
			return span{}, false
		}
	}
	return span{l.start, l.start + len(body)}, true
}

// addOption adds an item to the OPTIONS beside a backend, or OPTIONS with it.
func (s *scanner) addOption(backend span, item string) (replacement, bool) {
	p, ok := s.around(backend)
	if !ok {
		return replacement{}, false
	}
	for _, l := range s.literals {
		if inner, ok := s.around(l); !ok || inner != p || s.text(l) != "OPTIONS" {
			continue
		}
		i := slices.IndexFunc(s.pairs, func(q span) bool {
			return q.start > l.end && string(bytes.TrimSpace(s.src[l.end:q.start])) == ":" && s.src[q.start] == '{'
		})
		if i < 0 {
			return replacement{}, false
		}
		q := s.pairs[i]
		if len(bytes.TrimSpace(s.src[q.start+1:q.end-1])) > 0 {
			item += ", "
		}
		return replacement{span{q.start + 1, q.start + 1}, item}, true
	}
	return replacement{span{backend.end, backend.end}, `, "OPTIONS": {"ignore_exc": True, ` + item + `}`}, true
}
