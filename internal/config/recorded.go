package config

import (
	"go.yaml.in/yaml/v3"
)

// Recorded returns the answers that a site's record holds, for an install
// that is run again. A secret that was given as text is not in a record, and a
// reference may lead nowhere by now: both are left out, as the files of the
// site hold the value already.
func Recorded(node yaml.Node, env []string) (Answers, error) {
	if node.Kind == 0 {
		return Answers{}, nil
	}
	r, err := newReader(env)
	if err != nil {
		return Answers{}, err
	}
	at := place{file: "the site's record"}
	(&mapping{reader: r, at: at, seen: map[string]int{}}).read(r.withoutLostSecrets(at, &node), "")
	return r.answers, r.found.err("read recorded answers")
}

// withoutLostSecrets returns a copy of a mapping without masks and without
// references that cannot be resolved.
func (r *reader) withoutLostSecrets(at place, n *yaml.Node) *yaml.Node {
	c := *n
	if n.Kind != yaml.MappingNode {
		return &c
	}
	c.Content = nil
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if v.Value == masked || r.leadsNowhere(at, v) {
			continue
		}
		c.Content = append(c.Content, k, r.withoutLostSecrets(at, v))
	}
	return &c
}

func (r *reader) leadsNowhere(at place, v *yaml.Node) bool {
	if v.Kind != yaml.MappingNode || len(v.Content) != 2 || v.Content[0].Value != "file" && v.Content[0].Value != "env" {
		return false
	}
	_, err := r.resolve(at, v.Content[0].Value, v.Content[1].Value)
	return err != nil
}

// ReadAnswersOver is ReadAnswers on top of answers that are known already.
func ReadAnswersOver(base Answers, path string, sets, env []string) (Answers, []Finding, error) {
	r, err := newReader(env)
	if err != nil {
		return Answers{}, nil, err
	}
	r.answers = base
	return r.all(path, sets)
}

// Secrets returns every secret value in the answers, for whoever has to keep
// them out of what is shown.
func (a Answers) Secrets() []string {
	all := []Secret{a.Admin.Password, a.Mail.Password, a.GeoIP.License}
	for _, v := range a.Options {
		all = append(all, secretsIn(v)...)
	}
	var out []string
	for _, s := range all {
		if !s.IsZero() {
			out = append(out, s.value)
		}
	}
	return out
}
