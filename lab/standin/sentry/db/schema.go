package db

import "github.com/sentryctl/sentryctl/internal/calver"

// migration is one entry of django_migrations.
type migration struct {
	app, name string
	sql       string
}

func (m migration) String() string { return m.app + "." + m.name }

// generation is what one version added to the schema. Data that lacks a
// generation was never touched by that version or a newer one.
type generation struct {
	since      string
	hardStop   bool // upstream squashed what came before: see the hard stops of its documentation
	migrations []migration
}

// generations are in order. The names are in the style of Django's; the
// tables and columns are those of Sentry that somebody outside of it uses.
func generations() []generation {
	return []generation{
		{"9.1.2", true, []migration{{"sentry", "0001_initial", initialSQL}, {"nodestore", "0001_initial", nodestoreSQL}}},
		{"20.6.0", false, []migration{{"sentry", "0083_add_relay_tables", relaySQL}, {"sentry", "0084_user_permissions", permissionSQL}}},
		{"21.5.0", true, []migration{{"sentry", "0190_project_flags", add("sentry_project", "flags bigint DEFAULT 0")}, {"sentry", "0200_option_dates", add("sentry_option", "last_updated timestamptz DEFAULT now()")}}},
		{"21.6.3", true, []migration{{"sentry", "0212_organization_flags", add("sentry_organization", "flags bigint DEFAULT 0")}, {"sentry", "0216_member_flags", add("sentry_organizationmember", "flags bigint DEFAULT 0")}}},
		{"22.8.0", false, []migration{{"sentry", "0312_user_avatar", add("auth_user", "avatar_type smallint DEFAULT 0")}, {"sentry", "0318_project_platform", add("sentry_project", "platform varchar(64)")}}},
		{"23.6.2", true, []migration{{"sentry", "0484_user_uuid", add("auth_user", "session_nonce varchar(12)")}, {"sentry", "0500_apitoken_name", add("sentry_apitoken", "name varchar(255)")}}},
		{"23.11.0", true, []migration{{"sentry", "0590_apitoken_last_characters", add("sentry_apitoken", "token_last_characters varchar(4)")}, {"sentry", "0596_option_updated_by", add("sentry_option", "last_updated_by varchar(16) DEFAULT 'unknown'")}}},
		{"24.1.2", false, []migration{{"sentry", "0633_project_template", add("sentry_project", "template_id bigint")}, {"hybridcloud", "0010_cache_version", ""}}},
		{"24.8.0", true, []migration{{"sentry", "0642_index_together_release", ""}, {"sentry", "0744_apitoken_hashed", hashedTokenSQL}, {"sentry", "0752_apitoken_type", add("sentry_apitoken", "token_type varchar(7)")}}},
		{"25.1.0", false, []migration{{"sentry", "0811_useremail_added", add("sentry_useremail", "date_added timestamptz DEFAULT now()")}, {"workflow_engine", "0015_data_condition", ""}}},
		{"25.5.1", true, []migration{{"sentry", "0889_apitoken_scoping", add("sentry_apitoken", "scoping_organization_id bigint")}, {"sentry", "0896_member_inviter", add("sentry_organizationmember", "inviter_id bigint")}}},
		{"25.8.0", false, []migration{{"sentry", "0940_team_idp", add("sentry_team", "idp_provisioned boolean DEFAULT false")}, {"uptime", "0044_subscription_trace", ""}}},
		{"25.9.0", false, []migration{{"sentry", "0968_project_external", add("sentry_project", "external_id varchar(256)")}, {"preprod", "0009_artifact_size", ""}}},
		{"25.10.0", false, []migration{{"sentry", "0990_key_use_case", add("sentry_projectkey", "use_case varchar(32) DEFAULT 'user'")}, {"preprod", "0014_commit_comparison", ""}}},
		{"25.12.1", false, []migration{{"sentry", "1010_organization_region", add("sentry_organization", "region varchar(32)")}, {"seer", "0002_project_repository", ""}}},
		{"26.2.1", false, []migration{{"sentry", "1035_user_last_active_index", "CREATE INDEX IF NOT EXISTS auth_user_last_active ON auth_user (last_active)"}, {"seer", "0006_run_state", ""}}},
		{"26.5.2", false, []migration{{"sentry", "1060_key_last_used", add("sentry_projectkey", "last_used timestamptz")}, {"preprod", "0031_build_distribution", ""}}},
		{"26.8.0", false, []migration{{"sentry", "1080_team_org_role", add("sentry_team", "org_role varchar(32)")}, {"sentry", "1081_project_first_seen", add("sentry_project", "first_event timestamptz")}}},
	}
}

// upTo returns the generations that a version knows, its own last. A version
// that upstream's facts do not list has a generation too, which changes no
// table: an upgrade to any version must have something to do.
func upTo(version calver.Version) []generation {
	var known []generation
	for _, g := range generations() {
		since := calver.MustParse(g.since)
		if version.Less(since) {
			break
		}
		known = append(known, g)
	}
	if n := len(known); n == 0 || known[n-1].since != version.String() {
		id := version.String()
		known = append(known, generation{since: id, migrations: []migration{
			{"sentry", "release_" + id + "_backfill", ""}, {"sentry", "release_" + id + "_cleanup", ""},
		}})
	}
	return known
}

func add(table, column string) string {
	return "ALTER TABLE " + table + " ADD COLUMN IF NOT EXISTS " + column
}

const initialSQL = `
CREATE TABLE auth_user (
	id bigserial PRIMARY KEY, password varchar(128) NOT NULL, last_login timestamptz, username varchar(128) NOT NULL UNIQUE,
	first_name varchar(200) NOT NULL DEFAULT '', email varchar(75) NOT NULL DEFAULT '', is_staff boolean NOT NULL DEFAULT false,
	is_active boolean NOT NULL DEFAULT true, is_superuser boolean NOT NULL DEFAULT false, is_managed boolean NOT NULL DEFAULT false,
	is_password_expired boolean NOT NULL DEFAULT false, date_joined timestamptz NOT NULL DEFAULT now(), last_active timestamptz);
CREATE TABLE sentry_useremail (
	id bigserial PRIMARY KEY, user_id bigint NOT NULL REFERENCES auth_user ON DELETE CASCADE, email varchar(75) NOT NULL,
	validation_hash varchar(32) NOT NULL DEFAULT '', is_verified boolean NOT NULL DEFAULT false, UNIQUE (user_id, email));
CREATE TABLE sentry_organization (
	id bigserial PRIMARY KEY, name varchar(64) NOT NULL, slug varchar(50) NOT NULL UNIQUE, status integer NOT NULL DEFAULT 0,
	date_added timestamptz NOT NULL DEFAULT now(), default_role varchar(32) NOT NULL DEFAULT 'member');
CREATE TABLE sentry_organizationmember (
	id bigserial PRIMARY KEY, organization_id bigint NOT NULL REFERENCES sentry_organization ON DELETE CASCADE,
	user_id bigint REFERENCES auth_user ON DELETE CASCADE, email varchar(75), role varchar(32) NOT NULL DEFAULT 'member',
	date_added timestamptz NOT NULL DEFAULT now(), UNIQUE (organization_id, user_id));
CREATE TABLE sentry_team (
	id bigserial PRIMARY KEY, organization_id bigint NOT NULL REFERENCES sentry_organization ON DELETE CASCADE,
	slug varchar(50) NOT NULL, name varchar(64) NOT NULL, status integer NOT NULL DEFAULT 0,
	date_added timestamptz NOT NULL DEFAULT now(), UNIQUE (organization_id, slug));
CREATE TABLE sentry_project (
	id bigserial PRIMARY KEY, slug varchar(50) NOT NULL, name varchar(200) NOT NULL, status integer NOT NULL DEFAULT 0,
	organization_id bigint NOT NULL REFERENCES sentry_organization ON DELETE CASCADE, public boolean NOT NULL DEFAULT false,
	date_added timestamptz NOT NULL DEFAULT now(), UNIQUE (organization_id, slug));
CREATE TABLE sentry_projectteam (
	id bigserial PRIMARY KEY, project_id bigint NOT NULL REFERENCES sentry_project ON DELETE CASCADE,
	team_id bigint NOT NULL REFERENCES sentry_team ON DELETE CASCADE, UNIQUE (project_id, team_id));
CREATE TABLE sentry_projectkey (
	id bigserial PRIMARY KEY, project_id bigint NOT NULL REFERENCES sentry_project ON DELETE CASCADE, label varchar(64),
	public_key varchar(32) UNIQUE, secret_key varchar(32) UNIQUE, roles bigint NOT NULL DEFAULT 1,
	status integer NOT NULL DEFAULT 0, date_added timestamptz NOT NULL DEFAULT now());
CREATE TABLE sentry_projectoptions (
	id bigserial PRIMARY KEY, project_id bigint NOT NULL REFERENCES sentry_project ON DELETE CASCADE, key varchar(64) NOT NULL,
	value text NOT NULL, UNIQUE (project_id, key));
CREATE TABLE sentry_apitoken (
	id bigserial PRIMARY KEY, user_id bigint NOT NULL REFERENCES auth_user ON DELETE CASCADE, token varchar(71) UNIQUE,
	scopes bigint NOT NULL DEFAULT 0, scope_list text[], expires_at timestamptz, date_added timestamptz NOT NULL DEFAULT now());
CREATE TABLE sentry_option (id bigserial PRIMARY KEY, key varchar(128) NOT NULL UNIQUE, value text NOT NULL);
CREATE TABLE django_session (session_key varchar(40) PRIMARY KEY, session_data text NOT NULL, expire_date timestamptz NOT NULL)`

const nodestoreSQL = `
CREATE TABLE nodestore_node (id varchar(40) PRIMARY KEY, data text NOT NULL, timestamp timestamptz NOT NULL);
CREATE INDEX nodestore_node_timestamp ON nodestore_node (timestamp)`

const relaySQL = `
CREATE TABLE sentry_relay (
	id bigserial PRIMARY KEY, relay_id varchar(64) NOT NULL UNIQUE, public_key varchar(200), first_seen timestamptz,
	last_seen timestamptz, is_internal boolean)`

const permissionSQL = `
CREATE TABLE sentry_userpermission (
	id bigserial PRIMARY KEY, user_id bigint NOT NULL REFERENCES auth_user ON DELETE CASCADE, permission varchar(32) NOT NULL,
	UNIQUE (user_id, permission))`

const hashedTokenSQL = `
ALTER TABLE sentry_apitoken ADD COLUMN IF NOT EXISTS hashed_token varchar(128);
UPDATE sentry_apitoken SET hashed_token = encode(sha256(token::bytea), 'hex') WHERE hashed_token IS NULL AND token IS NOT NULL`
