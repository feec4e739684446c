package stack

import "slices"

// Command gives the command of a service as the compose files say, nil when
// they leave it to the image.
func (p *Project) Command(service string) []string {
	return slices.Clone(p.full.Services[service].Command)
}

// Variable gives a variable of a service's environment, "" when it has none.
func (p *Project) Variable(service, name string) string {
	value := p.full.Services[service].Environment[name]
	if value == nil {
		return ""
	}
	return *value
}

// Limited tells whether a service may not take as much memory as it likes.
func (p *Project) Limited(service string) bool {
	s := p.full.Services[service]
	return s.MemLimit > 0 || s.Deploy != nil && s.Deploy.Resources.Limits != nil && s.Deploy.Resources.Limits.MemoryBytes > 0
}
