package wizard

import (
	"errors"
	"fmt"
	"maps"
	"strconv"

	"github.com/sentryctl/sentryctl/internal/config"
	"github.com/sentryctl/sentryctl/internal/ui/format"
)

// bytesPerEvent is what one event is taken to need over all stores: its
// compressed body, its rows in ClickHouse with their indexes, and its share of
// Kafka's log. An assumption, and said to be one wherever it is used.
const bytesPerEvent = 10_000

// releaseDays is SENTRY_EVENT_RETENTION_DAYS of the releases.
const releaseDays = 90

func retentionPage() page {
	return page{
		id: "retention", title: "How long events are kept", more: true,
		questions: []question{
			keyed("retention_days", "Days of events", "Events, transactions and replays that are older are removed every night. Shorter means less disk; what is gone does not come back when you raise it again.").
				or(strconv.Itoa(releaseDays)),
			question{id: "retention.events", label: "Events a day", help: "Your guess, for the estimate below alone; it is not recorded. Errors and transactions together."}.
				checked(func(_ *draft, v string) error {
					if n, err := strconv.ParseInt(v, 10, 64); err != nil || n < 0 || n > 1e10 {
						return errors.New("want a whole number, such as 10000")
					}
					return nil
				}).asides(),
		},
		note: func(d *draft) []string {
			text := d.get("retention_days")
			if text == "" {
				text = d.byDefault(keyed("retention_days", "", "").or(strconv.Itoa(releaseDays)))
			}
			days, err := strconv.ParseInt(text, 10, 64)
			events, err2 := strconv.ParseInt(d.get("retention.events"), 10, 64)
			if err != nil || err2 != nil || days <= 0 || days > 36500 || events < 0 || events > 1e10 {
				return nil
			}
			need := days * events * bytesPerEvent
			notes := []string{
				row("Disk for events", "about "+format.Bytes(need)),
				row("Free on this host", known(d.in.Machine.FreeDisk > 0, format.Bytes(d.in.Machine.FreeDisk))),
				"",
				fmt.Sprintf("Assumes %s per event over all stores. Large payloads, attachments and replays need more.", format.Bytes(bytesPerEvent)),
			}
			if free := d.in.Machine.FreeDisk; free > 0 && need > free/2 {
				notes = append(notes, "! That is more than half of the free disk.")
			}
			return notes
		},
	}
}

// storageOptions are the entries of filestore.options, by question.
func storageOptions() map[string]string {
	return map[string]string{
		"storage.bucket": "bucket_name", "storage.region": "region_name", "storage.endpoint": "endpoint_url", "storage.access": "access_key",
	}
}

func storagePage() page {
	s3 := is("storage", "s3")
	return page{
		id: "storage", title: "Uploaded files", more: true,
		questions: []question{
			question{id: "storage", label: "Uploaded files go", help: "Source maps, debug files, attachments and avatars. Moving them later is work, so choose now. Events themselves stay in this host's volumes."}.of(
				choice{"filesystem", "To a volume on this host"},
				choice{"s3", "To Amazon S3, or another service that speaks it"},
				choice{"gcs", "To Google Cloud Storage"},
			),
			question{id: "storage.bucket", label: "Bucket", help: "Name of a bucket that exists."}.when(is("storage", "s3", "gcs")).
				checked(func(_ *draft, v string) error {
					if v == "" {
						return errors.New("give the name of the bucket")
					}
					return nil
				}),
			question{id: "storage.region", label: "Region", help: "Region of the bucket, as Amazon names it."}.like("us-east-1").when(s3),
			question{id: "storage.endpoint", label: "Endpoint", help: "Address of another service than Amazon's, such as MinIO or Ceph. Empty for Amazon."}.
				like("https://minio.example.com").when(s3).checked(func(_ *draft, v string) error {
				if v == "" {
					return nil
				}
				return keyed("proxy.https", "", "").verify(nil, v)
			}),
			question{id: "storage.access", label: "Access key", help: "Empty when the host's role gives access."}.when(s3),
			question{id: "storage.secret", kind: secret, label: "Secret key", help: "The secret that belongs to the access key. It goes into config.yml and is not recorded."}.when(s3).
				checked(func(d *draft, v string) error {
					if v == "" && d.get("storage.access") != d.first["storage.access"] {
						return errors.New("an access key needs its secret key")
					}
					return nil
				}),
		},
		note: func(d *draft) []string {
			if d.get("storage") != "gcs" {
				return nil
			}
			return []string{"Containers find the service account in GOOGLE_APPLICATION_CREDENTIALS: mount its file and set the", "variable in docker-compose.override.yml."}
		},
	}
}

func (d *draft) loadStorage() {
	backend, _ := d.in.Answers.Options["filestore.backend"].(string)
	if backend == "" {
		backend = "filesystem"
	}
	d.first["storage"] = backend
	options, _ := d.in.Answers.Options["filestore.options"].(map[string]any)
	for id, name := range storageOptions() {
		d.first[id] = textOf(options[name])
	}
	for id := range storageOptions() {
		d.values[id] = d.first[id]
	}
	d.values["storage"] = backend
}

// storageAnswers makes the options of the file store when they were changed.
func (d *draft) storageAnswers(a config.Answers) config.Answers {
	changed := d.get("storage") != d.first["storage"] || d.get("storage.secret") != ""
	for id := range storageOptions() {
		changed = changed || d.get(id) != d.first[id]
	}
	if !changed || d.get("much") == "quick" {
		return a
	}
	a.Options = maps.Clone(a.Options)
	if a.Options == nil {
		a.Options = map[string]any{}
	}
	if d.get("storage") == "filesystem" { // the release's own
		delete(a.Options, "filestore.backend")
		delete(a.Options, "filestore.options")
		return a
	}
	a.Options["filestore.backend"] = d.get("storage")
	a.Options["filestore.options"] = d.storageMapping(a.Options["filestore.options"])
	return a
}

func (d *draft) storageMapping(was any) map[string]any {
	out := map[string]any{}
	if old, ok := was.(map[string]any); ok && d.get("storage") == d.first["storage"] {
		out = maps.Clone(old)
	}
	for id, name := range storageOptions() {
		if v := d.get(id); v != "" && (d.get("storage") == "s3" || name == "bucket_name") {
			out[name] = v
		} else {
			delete(out, name)
		}
	}
	if v := d.get("storage.secret"); v != "" && d.get("storage") == "s3" {
		out["secret_key"] = config.NewSecret(v)
	}
	return out
}
