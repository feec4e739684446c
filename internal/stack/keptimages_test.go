package stack

import (
	"testing"

	"github.com/moby/moby/client"
)

// Two sites that build images of the same name keep one each.
func TestKeptImagesAreTheProjectsOwn(t *testing.T) {
	e := realEngine(t)
	const ref, tag = "sentryctl-test-kept-local:latest", "sentryctl-1"
	compose := "services: {a: {image: " + ref + ", build: .}}"
	one, other := newSite(t, e, compose), newSite(t, e, compose)
	helper, err := e.EnsureHelper(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	name := func(from string) {
		t.Helper()
		if _, err := e.api.ImageTag(t.Context(), client.ImageTagOptions{Source: from, Target: ref}); err != nil {
			t.Fatal(err)
		}
	}
	id := func(ref string) string {
		t.Helper()
		res, err := e.api.ImageInspect(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		return res.ID
	}
	for s, image := range map[*site]string{one: boxImage, other: helper} {
		name(image)
		if err := s.KeepBuilt(t.Context(), tag); err != nil {
			t.Fatal(err)
		}
	}
	for s, image := range map[*site]string{one: boxImage, other: helper} {
		if err := s.UseKept(t.Context(), tag); err != nil {
			t.Fatal(err)
		}
		if id(ref) != id(image) {
			t.Errorf("%s does not get its own image", s.project.Name())
		}
	}
	for range 2 {
		if err := one.ForgetKept(t.Context(), tag); err != nil {
			t.Fatal(err)
		}
	}
	for s, want := range map[*site]bool{one: false, other: true} {
		kept, err := withTag(ref, s.ownTag(tag))
		if err != nil {
			t.Fatal(err)
		}
		if have, err := e.ImagePresent(t.Context(), kept); err != nil || have != want {
			t.Errorf("%s: got %v and %v, want %v", kept, have, err, want)
		}
	}
	if err := other.ForgetKept(t.Context(), tag); err != nil {
		t.Error(err)
	}
	if _, err := e.api.ImageRemove(t.Context(), ref, client.ImageRemoveOptions{}); err != nil {
		t.Error(err)
	}
}
