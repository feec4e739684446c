package wizard

import (
	"errors"
	"unicode/utf8"
)

// leastPassword is what Sentry's own form asks for.
const leastPassword = 8

func adminPage() page {
	first := func(d *draft) bool { return d.in.Workflow == Install && d.get("admin.email") != "" }
	given := both(first, is("admin.password.way", "given"))
	return page{
		id: "admin", title: "Admin",
		questions: []question{
			keyed("admin.email", "Admin's e-mail", "Address that Sentry shows as its administrator's. Users are made and changed in Sentry itself.").
				when(func(d *draft) bool { return d.in.Workflow != Install }),
			keyed("admin.email", "Admin's e-mail", "Login of the first superuser, and the address that Sentry shows as its administrator's. Left empty, no user is made now.").
				like("you@example.com").when(func(d *draft) bool { return d.in.Workflow == Install }),
			question{id: "admin.password.way", label: "Admin's password", help: "A password that is made is kept in a file that only root can read, and the end of the install says where. Log in, change it, delete the file."}.of(
				choice{"made", "Make one for me"},
				choice{"given", "I type one"},
			).when(first),
			keyed("admin.password", "Type it", "At least 8 characters. It is not shown, logged or recorded.").when(given).checked(checkPassword).asides(),
			question{id: "admin.password.again", kind: secret, label: "Type it again", help: "The same once more."}.when(given).
				checked(func(d *draft, v string) error {
					if v != d.get("admin.password") {
						return errors.New("the two are not the same")
					}
					return nil
				}).asides(),
		},
	}
}

func checkPassword(d *draft, v string) error {
	switch {
	case v == "" && !d.in.Answers.Admin.Password.IsZero():
		return nil
	case utf8.RuneCountInString(v) < leastPassword:
		return errors.New("want at least 8 characters")
	}
	return nil
}
