package pyconf

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAmend(t *testing.T) {
	old := "# MemcachedCache\nCACHES = {\n    \"default\": {\n        \"BACKEND\": \"django.core.cache.backends.memcached.MemcachedCache\",\n        \"OPTIONS\": {\n            \"server_max_value_length\": size(env(\"X\", \"1M\")),\n        },\n    }\n}\n"
	py := "# MemcachedCache\nCACHES = {\n    \"default\": {\n        \"BACKEND\": \"django.core.cache.backends.memcached.PyMemcacheCache\",\n        \"OPTIONS\": {\n            \"ignore_exc\": True,\n        },\n    }\n}\n"
	now := "# MemcachedCache\nCACHES = {\n    \"default\": {\n        \"BACKEND\": \"sentry.cache.backends.reconnectingmemcache.ReconnectingMemcache\",\n        \"OPTIONS\": {\"reconnect_age\": 300, \n            \"ignore_exc\": True,\n        },\n    }\n}\n"
	cases := []struct {
		name      string
		edit      func([]byte) ([]byte, bool, error)
		src, want string
	}{
		{"memcached", PyMemcache, old, py},
		{"memcached is done", PyMemcache, py, py},
		{"reconnecting", ReconnectingMemcache, py, now},
		{"reconnecting from the oldest", ReconnectingMemcache, old, now},
		{"reconnecting is done", ReconnectingMemcache, now, now},
		{"reconnecting without options", ReconnectingMemcache, "C = {'BACKEND': 'django.core.cache.backends.memcached.PyMemcacheCache'}\n",
			"C = {'BACKEND': 'sentry.cache.backends.reconnectingmemcache.ReconnectingMemcache', \"OPTIONS\": {\"ignore_exc\": True, \"reconnect_age\": 300}}\n"},
		{"pooler", PgBouncer, "X = {\"HOST\": \"postgres\"}\nDATABASES = {\n    'default': {'NAME': 'postgres', 'HOST': 'postgres'},\n}\nY = {\"HOST\": \"postgres\"}\n",
			"X = {\"HOST\": \"postgres\"}\nDATABASES = {\n    'default': {'NAME': 'postgres', 'HOST': 'pgbouncer'},\n}\nY = {\"HOST\": \"postgres\"}\n"},
		{"own database stays", PgBouncer, "DATABASES = {'HOST': 'db.example.com'}\n", "DATABASES = {'HOST': 'db.example.com'}\n"},
		{"no database", PgBouncer, "# DATABASES = {'HOST': 'postgres'}\n", "# DATABASES = {'HOST': 'postgres'}\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, changed, err := c.edit([]byte(c.src))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(got), c.want); diff != "" {
				t.Errorf("(-got +want):\n%s", diff)
			}
			if want := c.src != c.want; changed != want {
				t.Errorf("changed: got %v, want %v", changed, want)
			}
			if again, changed, err := c.edit(got); err != nil || changed || string(again) != string(got) {
				t.Errorf("second time: got %q, %v, %v", again, changed, err)
			}
		})
	}
}

func TestAmendRefuses(t *testing.T) {
	_, _, err := PyMemcache([]byte("C = {'BACKEND': 'django.core.cache.backends.memcached.MemcachedCache', 'OPTIONS': {'server_max_value_length': 1, 'x': 2}}\n"))
	if err == nil || err.Error() != errByHand.Error() {
		t.Errorf("got %v, want %v", err, errByHand)
	}
}
