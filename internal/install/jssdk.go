package install

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/sentryctl/sentryctl/internal/fault"
	"github.com/sentryctl/sentryctl/internal/workload"
)

// jsSDK fetches the browser SDK so that pages can load it from this site. The
// web image knows which versions it serves; nginx's container fetches them
// into its volume (upstream 24.10.0 and newer).
func jsSDK() Step {
	return Step{
		ID: "js-sdk-assets", Title: "Fetch the JavaScript SDK", Idempotent: true,
		Done: hasSDK,
		Skip: applies(since("24.10.0"), func(_ context.Context, e *Env) (string, error) {
			if !e.JSSDK {
				return "not asked for", nil
			}
			return "", nil
		}),
		Run: func(ctx context.Context, e *Env) error {
			versions, err := e.sdkVersions(ctx)
			if err != nil {
				return err
			}
			if len(versions) == 0 {
				e.lacks("the JavaScript SDK was not fetched: this web image names no version of it", "Use a release that serves it")
				return nil
			}
			err = e.oneOff(ctx, workload.OneOff{
				Service: "nginx", Name: "js-sdk", NoDeps: true,
				Entrypoint: []string{"sh", "-ec"}, Command: []string{sdkScript(e.JSSDKSource, versions)},
			})
			if err != nil && ctx.Err() == nil {
				e.lacks("the JavaScript SDK was not fetched: "+err.Error(), "Allow the site to reach "+e.JSSDKSource+", then run the same command again")
				return nil
			}
			return err
		},
	}
}

// hasSDK asks nginx's volume: the SDK may have been asked for, or may have
// been out of reach, long after the data was set up.
func hasSDK(ctx context.Context, e *Env) (bool, error) {
	ready, err := dataReady(ctx, e)
	if err != nil || !ready {
		return false, err
	}
	out, err := e.oneOffOutput(ctx, workload.OneOff{
		Service: "nginx", Name: "js-sdk-look", NoDeps: true, Quiet: true,
		Entrypoint: []string{"sh", "-c"}, Command: []string{"test -d /var/www/js-sdk && echo present || true"},
	})
	return strings.Contains(string(out), "present"), err
}

// sdkVersions returns the newest version of each major line that this Sentry
// serves.
func (e *Env) sdkVersions(ctx context.Context) ([]string, error) {
	out, err := e.oneOffOutput(ctx, workload.OneOff{
		Service: "web", Name: "js-sdk-registry", NoDeps: true, Quiet: true,
		Entrypoint: []string{"cat"}, Command: []string{"/usr/src/sentry/src/sentry/loader/_registry.json"},
	})
	if err != nil {
		return nil, err
	}
	return newestOfEachMajor(out)
}

// newestOfEachMajor reads Sentry's loader registry, which lists versions from
// oldest to newest, and takes the last of each major line from 4 on.
func newestOfEachMajor(registry []byte) ([]string, error) {
	if i := bytes.IndexByte(registry, '{'); i > 0 {
		registry = registry[i:] // an entrypoint may have talked first
	}
	var r struct {
		Versions []string `json:"versions"`
	}
	if err := json.Unmarshal(registry, &r); err != nil {
		return nil, fault.New(fault.Resumable, "Look at the web image, or install without the JavaScript SDK", "read the SDK registry of the web image: %w", err)
	}
	newest, order := map[string]string{}, []string{}
	for _, v := range r.Versions {
		major, rest, ok := strings.Cut(v, ".")
		if !ok || len(major) == 1 && major < "4" || strings.Trim(major+rest, "0123456789.") != "" {
			continue // pre-releases, "latest", and lines that no loader serves
		}
		if _, seen := newest[major]; !seen {
			order = append(order, major)
		}
		newest[major] = v
	}
	versions := make([]string, 0, len(order))
	for _, major := range order {
		versions = append(versions, newest[major])
	}
	return versions, nil
}

// sdkScript fetches beside the old files and then replaces them, so that a
// fetch that fails takes nothing away. Not every version has every bundle, but
// a source that cannot be reached (any exit code of curl but 22, a status) is
// noticed at the first file: each of the others would wait as long for it.
func sdkScript(source string, versions []string) string {
	const bundles = "bundle,bundle.tracing,bundle.tracing.replay,bundle.replay,bundle.tracing.replay.feedback,bundle.feedback"
	source = strings.TrimSuffix(source, "/")
	return fmt.Sprintf(`new=/var/www/js-sdk.new; rm -rf "$new"
code=0; curl -fsSL --connect-timeout 15 --max-time 60 -o /dev/null '%s/%s/bundle.min.js' || code=$?
test $code = 0 || test $code = 22
curl -fsSL --compressed --retry 3 --create-dirs -o "$new/#1/#2.min.js" '%s/{%s}/{%s}.min.js' || true
test -n "$(find "$new" -name '*.min.js' 2>/dev/null)"
chmod -R a+rX "$new"
rm -rf /var/www/js-sdk; mv "$new" /var/www/js-sdk`, source, versions[len(versions)-1], source, strings.Join(versions, ","), bundles)
}
