package config

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/sentryctl/sentryctl/internal/config/option"
)

// schemaID names the schema of the answers file.
const schemaID = "https://github.com/sentryctl/sentryctl/schema/answers-1.json"

// object is a part of a JSON Schema.
type object = map[string]any

// Schema returns the JSON Schema (draft 2020-12) of the answers file, made from
// the same lists that reading goes by.
func Schema() ([]byte, error) {
	reg, err := option.Load()
	if err != nil {
		return nil, fmt.Errorf("load the option registry: %w", err)
	}
	root := closed("How a self-hosted Sentry should be. Read by sentryctl.")
	for _, f := range fields() {
		section, name, nested := strings.Cut(f.Key, ".")
		if !nested {
			properties(root)[f.Key] = schemaOf(f.Option)
			continue
		}
		if properties(root)[section] == nil {
			properties(root)[section] = closed("")
		}
		properties(properties(root)[section].(object))[name] = schemaOf(f.Option)
	}
	options := closed("Options of the registry, by key.")
	r := &reader{registry: reg, fields: fields()}
	for _, o := range reg.All() {
		if f := r.field(o.Answer); f == nil || sameKind(f.Option, o) { // else it follows from the answer
			properties(options)[o.Key] = schemaOf(o)
		}
	}
	properties(root)["options"] = options
	root["$schema"], root["$id"], root["title"] = "https://json-schema.org/draft/2020-12/schema", schemaID, "sentryctl answers"
	b, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write schema: %w", err)
	}
	return append(b, '\n'), nil
}

// closed returns an object that knows its keys. Empty sections say nothing.
func closed(about string) object {
	o := object{"type": []string{"object", "null"}, "properties": object{}, "additionalProperties": false}
	if about != "" {
		o["description"] = about
	}
	return o
}

func properties(o object) object { return o["properties"].(object) }

// schemaOf describes one value. What only code can check, such as a URL's
// parts, is left to it.
func schemaOf(o option.Option) object {
	s := object{"description": o.About}
	switch o.Type {
	case option.Bool:
		s["type"] = "boolean"
	case option.Int, option.Port, option.Days:
		s["type"] = "integer"
	case option.Float:
		s["type"] = "number"
	case option.List, option.CIDRs:
		s["type"], s["items"] = "array", object{"type": []string{"string", "number", "boolean"}}
	case option.Map:
		s["type"] = "object"
	case option.Enum:
		s["enum"] = o.Values
	default:
		s["type"] = []string{"string", "number"} // 9000 is a bind address too
	}
	bounds(s, o)
	if o.Secret {
		return secretSchema(s)
	}
	return s
}

func bounds(s object, o option.Option) {
	switch o.Type {
	case option.Port:
		s["minimum"], s["maximum"] = 1, 65535
	case option.Days:
		s["minimum"] = 1
	}
	if o.Min != nil {
		s["minimum"] = *o.Min
	}
	if o.Max != nil {
		s["maximum"] = *o.Max
	}
}

// secretSchema allows the references that a secret can be given by.
func secretSchema(s object) object {
	about := s["description"]
	delete(s, "description")
	ref := func(name string) object {
		return object{"type": "object", "properties": object{name: object{"type": "string"}}, "required": []string{name}, "additionalProperties": false}
	}
	return object{"description": about, "anyOf": []object{s, ref("file"), ref("env")}}
}
