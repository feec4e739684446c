package config

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

func TestSchema(t *testing.T) {
	b, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/schema.golden", string(b))
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(schemaID, doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(schemaID)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		"":                                    true,
		"bind: 9000":                          true,
		"mail: {port: 25}":                    true,
		"mail:":                               true,
		"mail: {port: x}":                     false,
		"mail: {password: {env: X}}":          true,
		"mail: {password: {file: X, env: Y}}": false,
		"no_such: 1":                          false,
		"options: {SENTRY_WEB_OPTIONS.workers: 4}":      true,
		"options: {SENTRY_WEB_OPTIONS.workers: 0}":      false,
		"options: {SENTRY_BEACON: false}":               false, // beacon says it
		"options: {CSRF_TRUSTED_ORIGINS: ['http://a']}": true,
	} {
		t.Run(text, func(t *testing.T) {
			if err := schema.Validate(jsonOf(t, text)); (err == nil) != want {
				t.Errorf("got %v, want valid: %v", err, want)
			}
		})
	}
}

func jsonOf(t *testing.T, text string) any {
	t.Helper()
	v := any(map[string]any{})
	if text != "" {
		if err := yaml.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	out, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return out
}
