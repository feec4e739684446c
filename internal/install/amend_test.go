package install_test

import (
	"os"
	"strings"
	"testing"
)

func TestAnOlderConfigurationIsAmendedOnce(t *testing.T) {
	const old = `CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.memcached.MemcachedCache",
        "LOCATION": ["memcached:11211"],
    }
}
# mine
`
	f := newFixture(t, "25.5.1")
	path := f.env.Site.Path("sentry/sentry.conf.py")
	write(t, path, old)
	if err := f.run(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Replace(old, "MemcachedCache", "PyMemcacheCache", 1); !strings.Contains(string(got), "PyMemcacheCache") || !strings.HasSuffix(string(got), "# mine\n") {
		t.Errorf("got\n%s\nwant something like\n%s", got, want)
	}
	if err := f.run(); err != nil || f.outcome.Changed {
		t.Errorf("the second run: changed %v, %v", f.outcome.Changed, err)
	}
}
