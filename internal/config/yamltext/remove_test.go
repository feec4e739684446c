package yamltext

import "testing"

func TestRemove(t *testing.T) {
	src := "# top\nmail.host: 'a' # mine\n# keep\nfilestore.options:\n  location: /x\nlist:\n- a\n- b\nrelay:\n  port: 1\n  host: h\ntext: |\n  one\n  two\nlast: 1\n"
	for name, c := range map[string]struct {
		path []string
		want string
	}{
		"a key":              {[]string{"mail.host"}, "# top\n# keep\nfilestore.options:\n  location: /x\nlist:\n- a\n- b\nrelay:\n  port: 1\n  host: h\ntext: |\n  one\n  two\nlast: 1\n"},
		"a mapping's last":   {[]string{"filestore.options", "location"}, "# top\nmail.host: 'a' # mine\n# keep\nlist:\n- a\n- b\nrelay:\n  port: 1\n  host: h\ntext: |\n  one\n  two\nlast: 1\n"},
		"one of two":         {[]string{"relay", "port"}, "# top\nmail.host: 'a' # mine\n# keep\nfilestore.options:\n  location: /x\nlist:\n- a\n- b\nrelay:\n  host: h\ntext: |\n  one\n  two\nlast: 1\n"},
		"a list":             {[]string{"list"}, "# top\nmail.host: 'a' # mine\n# keep\nfilestore.options:\n  location: /x\nrelay:\n  port: 1\n  host: h\ntext: |\n  one\n  two\nlast: 1\n"},
		"text of two lines":  {[]string{"text"}, "# top\nmail.host: 'a' # mine\n# keep\nfilestore.options:\n  location: /x\nlist:\n- a\n- b\nrelay:\n  port: 1\n  host: h\nlast: 1\n"},
		"what is not there":  {[]string{"nothing"}, src},
		"nor anything above": {[]string{"no", "thing"}, src},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Remove([]byte(src), c.path...)
			if err != nil || string(got) != c.want {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
	if _, err := Remove([]byte("a: {b: 1, c: 2}\n"), "a", "b"); err == nil {
		t.Error("an entry of a flow mapping was removed by lines")
	}
	if got, err := Remove([]byte("only: 1\n"), "only"); err != nil || len(got) != 0 {
		t.Errorf("got %q, %v", got, err)
	}
}
