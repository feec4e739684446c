package stack

import (
	"context"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/compose/v5/pkg/api"
)

// needsCompose tells that a start of the service takes more than telling the
// Engine: hooks, or secrets and configs that Compose copies into it. Upstream
// uses none; an admin's override may.
func needsCompose(s types.ServiceConfig) bool {
	return len(s.PreStart)+len(s.PostStart)+len(s.Secrets)+len(s.Configs) > 0
}

// composeStart has Compose start one service, without what it depends on.
func (s *Stack) composeStart(ctx context.Context, service types.ServiceConfig) error {
	composer, err := s.engine.composer()
	if err != nil {
		return err
	}
	p := only(s.model(), map[string]bool{service.Name: true})
	alone := p.Services[service.Name]
	alone.DependsOn = nil
	p.Services[service.Name] = alone
	return startFault(composer.Start(ctx, p.Name, api.StartOptions{Project: p, Services: []string{service.Name}}))
}
