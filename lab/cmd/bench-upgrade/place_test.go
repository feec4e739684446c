package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestErrandsAreTold(t *testing.T) {
	stay, errands, err := divide([]byte(`{"services": {"web": {"restart": "unless-stopped"}, "relay": {"restart": "always"}, "geoipupdate": {}, "once": {"restart": "no"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([][]string{{"relay", "web"}, {"geoipupdate", "once"}}, [][]string{stay, errands}); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}
