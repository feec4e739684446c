package main

import (
	"github.com/sentryctl/sentryctl/internal/calver"
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/upgrade/adopt"
	"github.com/sentryctl/sentryctl/internal/upgrade/plan"
)

// siteImages are the images of upstream that the site's variables name otherwise than its
// release does: some ship images that move. No compose file is read for it.
func siteImages(s *site.Site, at calver.Version) ([]plan.Named, error) {
	vars, err := stack.Variables(s.Dir)
	if err != nil {
		return nil, err
	}
	shipped, err := stack.Variables(s.ReleaseDir(at))
	if err != nil {
		return nil, err
	}
	var list []plan.Named
	for _, name := range adopt.ImageVariables() {
		v := vars[name]
		own := v.File != "" && v.Value == shipped[name].Value
		if v.Value != "" && !own {
			list = append(list, plan.Named{Variable: name, File: v.File, Ref: v.Value, Tag: adopt.Tag(v.Value)})
		}
	}
	return list, nil
}
