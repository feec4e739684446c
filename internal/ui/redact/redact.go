// Package redact owns that no secret is ever shown or kept: it masks known
// values, in the forms in which they travel, and what looks like a secret, in
// events and in error texts. It does not find out which values are secret.
package redact

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/sentryctl/sentryctl/internal/event"
)

// Mask stands where a secret stood.
const Mask = "[redacted]"

// Sink masks secrets in events before the next Sink gets them. It may be used
// from several goroutines.
type Sink struct {
	next     event.Sink
	mu       sync.Mutex // guards forms; readers take replacer
	forms    []string
	replacer atomic.Pointer[strings.Replacer]
}

// New returns a Sink in front of next that knows these secret values. A nil
// next is allowed where only Redact is needed. Values shorter than MinSecret
// are not searched for: they would mask ordinary text.
func New(next event.Sink, secrets ...string) *Sink {
	if next == nil {
		next = event.Discard{}
	}
	s := &Sink{next: next}
	s.Add(secrets...)
	return s
}

// Add makes further values known, for secrets that are made during a run.
func (s *Sink) Add(secrets ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range secrets {
		s.forms = append(s.forms, forms(secret)...)
	}
	// The longest first: a secret may begin with another one.
	slices.SortFunc(s.forms, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	s.forms = slices.Compact(s.forms)
	pairs := make([]string, 0, 2*len(s.forms))
	for _, f := range s.forms {
		pairs = append(pairs, f, Mask)
	}
	s.replacer.Store(strings.NewReplacer(pairs...))
}

// Redact returns text with secrets masked: for errors, journals and reports.
func (s *Sink) Redact(text string) string {
	if text == "" {
		return text
	}
	return maskPatterns(s.replacer.Load().Replace(text))
}

// Emit passes a masked copy of e on. e itself stays as it is.
func (s *Sink) Emit(e event.Event) {
	if e == nil {
		return
	}
	c := reflect.New(reflect.TypeOf(e)).Elem()
	c.Set(reflect.ValueOf(e))
	s.mask(c)
	s.next.Emit(c.Interface().(event.Event))
}

// mask walks every kind of field that events have; the test fails for one
// that it does not know.
func (s *Sink) mask(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(s.Redact(v.String()))
	case reflect.Struct:
		for i := range v.NumField() {
			s.mask(v.Field(i))
		}
	case reflect.Slice:
		if v.IsNil() {
			return
		}
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(c, v)
		for i := range c.Len() {
			s.mask(c.Index(i))
		}
		v.Set(c)
	}
}

var _ event.Sink = (*Sink)(nil)
