package main

import (
	"github.com/sentryctl/sentryctl/internal/site"
	"github.com/sentryctl/sentryctl/internal/stack"
	"github.com/sentryctl/sentryctl/internal/upgrade/adopt"
	"github.com/sentryctl/sentryctl/internal/upgrade/plan"
)

// siteImages are the images of upstream that the site's variables name. No compose
// file is read for it.
func siteImages(s *site.Site) ([]plan.Named, error) {
	vars, err := stack.Variables(s.Dir)
	if err != nil {
		return nil, err
	}
	var list []plan.Named
	for _, name := range adopt.ImageVariables() {
		if v := vars[name]; v.Value != "" {
			list = append(list, plan.Named{Variable: name, File: v.File, Ref: v.Value, Tag: adopt.Tag(v.Value)})
		}
	}
	return list, nil
}
