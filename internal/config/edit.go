package config

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/sentryctl/sentryctl/internal/config/option"
	"github.com/sentryctl/sentryctl/internal/fault"
)

// Set returns the answers with key=value settings made. A secret is refused,
// because other users of the host can read a command line: see SetSecret.
func Set(base Answers, settings []string) (Answers, []Finding, error) {
	r, err := editing(base)
	if err != nil {
		return base, nil, err
	}
	r.sets(settings)
	for i, f := range r.found {
		r.found[i].File = "" // a setting stands in no file
		switch f.ID {
		case "secret-in-flag":
			r.found[i].Hint = "Run: sentryctl config set " + f.Key + " (asks), or with --from-file FILE or --from-env NAME"
		case "wrong-value":
			r.found[i].Hint = "Look at it with: sentryctl config explain " + f.Key
			if f.Key == "" || strings.Contains(f.Hint, "--set") {
				r.found[i].Hint = "Write KEY=VALUE; for a secret, KEY alone"
			}
		}
	}
	if err := r.found.err("set answers"); err != nil {
		return base, nil, err
	}
	return r.answers, r.found, nil
}

// SetSecret returns the answers with the secret of that key given.
func SetSecret(base Answers, key, value string) (Answers, error) {
	r, err := editing(base)
	if err != nil {
		return base, err
	}
	t, ok := r.find(key)
	switch {
	case !ok:
		r.unknown(place{}, key)
	case !t.Secret:
		return base, fault.New(fault.Usage, "Write "+key+"=VALUE", "set answers: %s is no secret", key)
	default:
		r.putText(place{}, t, value)
	}
	if err := r.found.err("set answers"); err != nil {
		return base, err
	}
	return r.answers, nil
}

// Unset returns the answers without those keys, and which of them had a value.
func Unset(base Answers, keys []string) (out Answers, had []string, err error) {
	r, err := editing(base)
	if err != nil {
		return base, nil, err
	}
	for _, key := range keys {
		t, ok := r.find(key)
		if !ok {
			r.unknown(place{}, key)
			continue
		}
		if r.answers.Given(t.Key) != nil {
			had = append(had, t.Key)
		}
		r.answers = r.answers.without(t)
	}
	if err := r.found.err("unset answers"); err != nil {
		return base, nil, err
	}
	return r.answers, had, nil
}

// editing returns a reader whose answers are a copy of base.
func editing(base Answers) (*reader, error) {
	r, err := newReader(nil)
	if err != nil {
		return nil, err
	}
	r.answers = base.clone()
	return r, nil
}

// Key is Lookup with an error that names the nearest keys.
func Key(key string) (option.Option, error) {
	r, err := editing(Answers{})
	if err != nil {
		return option.Option{}, err
	}
	t, ok := r.find(key)
	if !ok {
		r.unknown(place{}, key)
		return t.Option, r.found.err("look up")
	}
	return t.Option, nil
}

// GivenKeys returns the keys of all answers that are given, sorted.
func (a Answers) GivenKeys() []string {
	keys := slices.Collect(maps.Keys(a.Options))
	for _, f := range fields() {
		if f.Key != "schema" && f.get(&a) != nil {
			keys = append(keys, f.Key)
		}
	}
	slices.Sort(keys)
	return keys
}

// EnvName returns the variable that sets the answer or option of that key.
func EnvName(key string) string { return envName(key) }

// Differing returns the keys whose values differ between two sets of answers,
// sorted.
func Differing(a, b Answers) []string {
	keys := slices.Concat(a.GivenKeys(), b.GivenKeys())
	slices.Sort(keys)
	return slices.DeleteFunc(slices.Compact(keys), func(key string) bool {
		return reflect.DeepEqual(a.Given(key), b.Given(key))
	})
}
