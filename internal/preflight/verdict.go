package preflight

import "fmt"

// Verdict is what a Judge says. Severity "" means the severity of the check.
type Verdict struct {
	State    State
	Severity Severity
	Got      string
	Want     string
	Hint     string
}

func pass(got, want string) Verdict { return Verdict{State: OK, Got: got, Want: want} }
func bad(got, want, hint string) Verdict {
	return Verdict{State: Bad, Got: got, Want: want, Hint: hint}
}
func skip(reason string) Verdict    { return Verdict{State: Skipped, Got: "skipped because " + reason} }
func unknown(reason string) Verdict { return Verdict{State: Unknown, Got: "unknown because " + reason} }

// as gives a verdict another severity than its check's.
func (v Verdict) as(s Severity) Verdict {
	v.Severity = s
	return v
}

// wanting says what an unknown or skipped verdict would have asked for.
func (v Verdict) wanting(want string) Verdict {
	v.Want = want
	return v
}

// Fact is something that was looked at: a value, or the reason why there is
// none. The zero Fact was never looked at.
type Fact[T any] struct {
	Value   T      `json:"value,omitzero"`
	Known   bool   `json:"known"`
	Skipped bool   `json:"skipped,omitempty"` // left out on purpose
	Reason  string `json:"reason,omitempty"`  // why unknown or skipped
}

// Know returns a fact with a value.
func Know[T any](v T) Fact[T] { return Fact[T]{Value: v, Known: true} }

// NotKnown returns a fact that could not be measured.
func NotKnown[T any](reason string) Fact[T] { return Fact[T]{Reason: reason} }

// NotNeeded returns a fact that was left out on purpose.
func NotNeeded[T any](reason string) Fact[T] { return Fact[T]{Reason: reason, Skipped: true} }

// Learn returns what a reader returned: its value, or its error as the reason.
func Learn[T any](v T, err error) Fact[T] {
	if err != nil {
		return NotKnown[T](err.Error())
	}
	return Know(v)
}

// missing is the verdict on a fact that is not known.
func (f Fact[T]) missing() Verdict {
	switch {
	case f.Skipped:
		return skip(f.Reason)
	case f.Reason == "":
		return unknown("it was not looked at")
	default:
		return unknown(f.Reason)
	}
}

// judge applies a rule to a known fact, and says so when it is not known.
func judge[T any](f Fact[T], rule func(T) Verdict) Verdict {
	if !f.Known {
		return f.missing()
	}
	return rule(f.Value)
}

// Sizes are binary, as "free -m" and the upstream minimums count them.
const (
	mib = int64(1) << 20
	gib = int64(1) << 30
)

func formatGiB(n int64) string { return fmt.Sprintf("%.1f GiB", float64(n)/float64(gib)) }
func formatMiB(n int64) string { return fmt.Sprintf("%d MiB", n/mib) }
