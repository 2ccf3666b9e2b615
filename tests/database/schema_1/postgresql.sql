BEGIN;

SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

SELECT pg_advisory_xact_lock(27973141116055139);

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'system_info' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE TABLE system_info (
    id INTEGER NOT NULL,
    version VARCHAR(32) NOT NULL,
    PRIMARY KEY (id)
);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'module' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE TABLE module (
    name VARCHAR(64) NOT NULL,
    licensed BOOLEAN NOT NULL,
    enabled BOOLEAN NOT NULL,
    PRIMARY KEY (name)
);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'employee' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE TABLE employee (
    id SERIAL NOT NULL,
    code VARCHAR(16) NOT NULL,
    name VARCHAR(200) NOT NULL,
    email VARCHAR(320) NOT NULL,
    active BOOLEAN DEFAULT true NOT NULL,
    calendarsync_allowed BOOLEAN DEFAULT true NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (code)
);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'employee_email' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE TABLE employee_email (
    id SERIAL NOT NULL,
    employee_id INTEGER NOT NULL,
    email VARCHAR(320) NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(employee_id) REFERENCES employee (id)
);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'ix_employee_email_employee_id' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE INDEX ix_employee_email_employee_id ON employee_email (employee_id);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'activity_type' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE TABLE activity_type (
    id SERIAL NOT NULL,
    name VARCHAR(100) NOT NULL,
    calendar_sync VARCHAR(16) DEFAULT 'normal' NOT NULL,
    inbound_default BOOLEAN DEFAULT false NOT NULL,
    PRIMARY KEY (id)
);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'activity' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE TABLE activity (
    id UUID NOT NULL,
    type_id INTEGER NOT NULL,
    subject VARCHAR(500) DEFAULT '' NOT NULL,
    body TEXT DEFAULT '' NOT NULL,
    location VARCHAR(500) DEFAULT '' NOT NULL,
    starts_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    time_zone VARCHAR(64) NOT NULL,
    all_day BOOLEAN DEFAULT false NOT NULL,
    status VARCHAR(16) DEFAULT 'open' NOT NULL,
    importance VARCHAR(8) DEFAULT 'normal' NOT NULL,
    private BOOLEAN DEFAULT false NOT NULL,
    show_as VARCHAR(16) DEFAULT 'busy' NOT NULL,
    reminder_minutes INTEGER,
    responsible_id INTEGER NOT NULL,
    organizer_name VARCHAR(200),
    organizer_email VARCHAR(320),
    online_meeting_url VARCHAR(2000),
    recurrence VARCHAR(1000),
    note TEXT,
    created_at TIMESTAMP WITHOUT TIME ZONE DEFAULT (clock_timestamp() AT TIME ZONE 'UTC') NOT NULL,
    modified_at TIMESTAMP WITHOUT TIME ZONE DEFAULT (clock_timestamp() AT TIME ZONE 'UTC') NOT NULL,
    deleted_at TIMESTAMP WITHOUT TIME ZONE,
    PRIMARY KEY (id),
    FOREIGN KEY(type_id) REFERENCES activity_type (id),
    FOREIGN KEY(responsible_id) REFERENCES employee (id)
);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'ix_activity_responsible_id' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE INDEX ix_activity_responsible_id ON activity (responsible_id);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'activity_exception' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE TABLE activity_exception (
    id UUID NOT NULL,
    activity_id UUID NOT NULL,
    original_start TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    cancelled BOOLEAN DEFAULT false NOT NULL,
    subject VARCHAR(500),
    body TEXT,
    location VARCHAR(500),
    starts_at TIMESTAMP WITHOUT TIME ZONE,
    ends_at TIMESTAMP WITHOUT TIME ZONE,
    PRIMARY KEY (id),
    CONSTRAINT uq_activity_exception UNIQUE (activity_id, original_start),
    FOREIGN KEY(activity_id) REFERENCES activity (id) ON DELETE CASCADE
);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'activity_participant' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE TABLE activity_participant (
    id UUID NOT NULL,
    activity_id UUID NOT NULL,
    employee_id INTEGER,
    email VARCHAR(320),
    name VARCHAR(200),
    role VARCHAR(16) DEFAULT 'invited' NOT NULL,
    response VARCHAR(16) DEFAULT 'none' NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(activity_id) REFERENCES activity (id) ON DELETE CASCADE,
    FOREIGN KEY(employee_id) REFERENCES employee (id)
);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'ix_activity_participant_activity_id' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE INDEX ix_activity_participant_activity_id ON activity_participant (activity_id);
END IF; END $guard$;

INSERT INTO system_info (id, version)
SELECT 1, '5.2.006' WHERE NOT EXISTS (SELECT 1 FROM system_info);

INSERT INTO module (name, licensed, enabled)
SELECT 'CalendarSync', true, true WHERE NOT EXISTS (SELECT 1 FROM module WHERE name = 'CalendarSync');

INSERT INTO activity_type (name, calendar_sync, inbound_default)
SELECT 'Appointment', 'normal', true
WHERE NOT EXISTS (SELECT 1 FROM activity_type WHERE inbound_default = true);

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'calsync_feed' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE TABLE calsync_feed (
    id BIGSERIAL NOT NULL,
    activity_id UUID NOT NULL,
    PRIMARY KEY (id)
);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'ix_calsync_feed_activity_id' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE INDEX ix_calsync_feed_activity_id ON calsync_feed (activity_id);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'calsync_provider' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE TABLE calsync_provider (
    id INTEGER NOT NULL,
    kind VARCHAR(32) NOT NULL,
    tenant_id VARCHAR(64) NOT NULL,
    inbound BOOLEAN DEFAULT true NOT NULL,
    outbound BOOLEAN DEFAULT true NOT NULL,
    priority VARCHAR(16) DEFAULT 'outbound_first' NOT NULL,
    interval_seconds INTEGER DEFAULT 5 NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (kind)
);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'calsync_profile' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE TABLE calsync_profile (
    id SERIAL NOT NULL,
    provider_id INTEGER NOT NULL,
    employee_id INTEGER NOT NULL,
    external_user_id VARCHAR(320) NOT NULL,
    active BOOLEAN DEFAULT true NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT uq_calsync_profile_employee UNIQUE (provider_id, employee_id),
    CONSTRAINT uq_calsync_profile_user UNIQUE (provider_id, external_user_id),
    FOREIGN KEY(provider_id) REFERENCES calsync_provider (id),
    FOREIGN KEY(employee_id) REFERENCES employee (id) ON DELETE CASCADE
);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'calsync_log' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE TABLE calsync_log (
    id BIGSERIAL NOT NULL,
    at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    level VARCHAR(8) NOT NULL,
    profile_id INTEGER,
    kind VARCHAR(32) NOT NULL,
    message TEXT NOT NULL,
    activity_id UUID,
    event_id VARCHAR(400),
    content TEXT,
    PRIMARY KEY (id)
);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'ix_calsync_log_activity' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE INDEX ix_calsync_log_activity ON calsync_log (activity_id, id);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'ix_calsync_log_at' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE INDEX ix_calsync_log_at ON calsync_log (at);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'ix_calsync_log_level' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE INDEX ix_calsync_log_level ON calsync_log (level, id);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'ix_calsync_log_profile' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE INDEX ix_calsync_log_profile ON calsync_log (profile_id, id);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'calsync_meta' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE TABLE calsync_meta (
    name VARCHAR(64) NOT NULL,
    value VARCHAR(255) NOT NULL,
    PRIMARY KEY (name)
);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'calsync_pending' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE TABLE calsync_pending (
    profile_id INTEGER NOT NULL,
    activity_id UUID NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    PRIMARY KEY (profile_id, activity_id),
    FOREIGN KEY(profile_id) REFERENCES calsync_profile (id) ON DELETE CASCADE
);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'calsync_link' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE TABLE calsync_link (
    id UUID NOT NULL,
    profile_id INTEGER NOT NULL,
    activity_id UUID NOT NULL,
    event_id VARCHAR(400),
    ical_uid VARCHAR(400),
    role VARCHAR(16) NOT NULL,
    consolidate_print VARCHAR(200) DEFAULT '' NOT NULL,
    exchange_print VARCHAR(200) DEFAULT '' NOT NULL,
    unfinished BOOLEAN DEFAULT false NOT NULL,
    guests TEXT,
    exchange_modified_at TIMESTAMP WITHOUT TIME ZONE,
    starts_at TIMESTAMP WITHOUT TIME ZONE,
    ends_at TIMESTAMP WITHOUT TIME ZONE,
    PRIMARY KEY (id),
    CONSTRAINT uq_calsync_link_activity UNIQUE (profile_id, activity_id),
    FOREIGN KEY(profile_id) REFERENCES calsync_profile (id) ON DELETE CASCADE
);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'ix_calsync_link_activity_id' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE INDEX ix_calsync_link_activity_id ON calsync_link (activity_id);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'ix_calsync_link_ical_uid' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE INDEX ix_calsync_link_ical_uid ON calsync_link (ical_uid);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'uq_calsync_link_event' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE UNIQUE INDEX uq_calsync_link_event ON calsync_link (profile_id, event_id);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'calsync_profile_state' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE TABLE calsync_profile_state (
    profile_id INTEGER NOT NULL,
    mailbox VARCHAR(320) DEFAULT '' NOT NULL,
    delta_link TEXT,
    window_start TIMESTAMP WITHOUT TIME ZONE,
    window_end TIMESTAMP WITHOUT TIME ZONE,
    listed_at TIMESTAMP WITHOUT TIME ZONE,
    compared_at TIMESTAMP WITHOUT TIME ZONE,
    PRIMARY KEY (profile_id),
    FOREIGN KEY(profile_id) REFERENCES calsync_profile (id) ON DELETE CASCADE
);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'calsync_quarantine' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE TABLE calsync_quarantine (
    id BIGSERIAL NOT NULL,
    profile_id INTEGER NOT NULL,
    activity_id UUID,
    event_id VARCHAR(400),
    reason TEXT NOT NULL,
    attempts INTEGER DEFAULT 1 NOT NULL,
    since TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    next_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(profile_id) REFERENCES calsync_profile (id) ON DELETE CASCADE
);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'ix_calsync_quarantine_profile_id' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE INDEX ix_calsync_quarantine_profile_id ON calsync_quarantine (profile_id);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'calsync_history' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE TABLE calsync_history (
    id BIGSERIAL NOT NULL,
    at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    profile_id INTEGER NOT NULL,
    side VARCHAR(16) NOT NULL,
    activity_id UUID NOT NULL,
    event_id VARCHAR(400),
    subject VARCHAR(500) NOT NULL,
    rule VARCHAR(64) NOT NULL,
    content TEXT NOT NULL,
    replaced_by TEXT,
    responsible_id INTEGER NOT NULL,
    type_id INTEGER,
    PRIMARY KEY (id)
);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'ix_calsync_history_activity_id' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE INDEX ix_calsync_history_activity_id ON calsync_history (activity_id);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'ix_calsync_history_at' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE INDEX ix_calsync_history_at ON calsync_history (at);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'calsync_waiting' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE TABLE calsync_waiting (
    profile_id INTEGER NOT NULL,
    event_id VARCHAR(400) NOT NULL,
    ical_uid VARCHAR(400) NOT NULL,
    organizer_id INTEGER NOT NULL,
    since TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    PRIMARY KEY (profile_id, event_id),
    FOREIGN KEY(profile_id) REFERENCES calsync_profile (id) ON DELETE CASCADE
);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'ix_calsync_waiting_ical_uid' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE INDEX ix_calsync_waiting_ical_uid ON calsync_waiting (ical_uid);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'calsync_hold' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE TABLE calsync_hold (
    profile_id INTEGER NOT NULL,
    activity_id UUID NOT NULL,
    kind VARCHAR(16) NOT NULL,
    subject VARCHAR(500) NOT NULL,
    since TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    verdict VARCHAR(16),
    PRIMARY KEY (profile_id, activity_id),
    FOREIGN KEY(profile_id) REFERENCES calsync_profile (id) ON DELETE CASCADE
);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'calsync_agent' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE TABLE calsync_agent (
    id UUID NOT NULL,
    host VARCHAR(255) NOT NULL,
    pid INTEGER NOT NULL,
    version VARCHAR(32) NOT NULL,
    lock_file VARCHAR(1000) NOT NULL,
    started_at TIMESTAMP WITHOUT TIME ZONE DEFAULT (clock_timestamp() AT TIME ZONE 'UTC') NOT NULL,
    seen_at TIMESTAMP WITHOUT TIME ZONE DEFAULT (clock_timestamp() AT TIME ZONE 'UTC') NOT NULL,
    settings_revision INTEGER DEFAULT 0 NOT NULL,
    settings_taken_at TIMESTAMP WITHOUT TIME ZONE,
    round_at TIMESTAMP WITHOUT TIME ZONE,
    round_ms INTEGER,
    PRIMARY KEY (id)
);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'calsync_lease' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE TABLE calsync_lease (
    profile_id INTEGER NOT NULL,
    agent_id UUID NOT NULL,
    PRIMARY KEY (profile_id),
    FOREIGN KEY(profile_id) REFERENCES calsync_profile (id) ON DELETE CASCADE
);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'ix_calsync_lease_agent_id' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE INDEX ix_calsync_lease_agent_id ON calsync_lease (agent_id);
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'calsync_fare' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE TABLE calsync_fare (
    profile_id INTEGER NOT NULL,
    state VARCHAR(16) NOT NULL,
    since TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    synced_at TIMESTAMP WITHOUT TIME ZONE,
    error TEXT,
    retry_at TIMESTAMP WITHOUT TIME ZONE,
    PRIMARY KEY (profile_id),
    FOREIGN KEY(profile_id) REFERENCES calsync_profile (id) ON DELETE CASCADE
);
END IF; END $guard$;

INSERT INTO calsync_meta (name, value)
SELECT 'schema_version', '1' WHERE NOT EXISTS (SELECT 1 FROM calsync_meta WHERE name = 'schema_version');

INSERT INTO calsync_meta (name, value)
SELECT 'settings_revision', '0' WHERE NOT EXISTS (SELECT 1 FROM calsync_meta WHERE name = 'settings_revision');

UPDATE calsync_profile_state SET compared_at = NULL
WHERE compared_at IS NOT NULL AND (SELECT COUNT(*) FROM pg_trigger
    WHERE tgname IN ('calsync_activity_feed', 'calsync_activity_truncate', 'calsync_activity_exception_feed', 'calsync_activity_exception_truncate', 'calsync_activity_participant_feed', 'calsync_activity_participant_truncate', 'calsync_activity_type_feed') AND tgrelid IN ('activity'::regclass, 'activity_exception'::regclass, 'activity_participant'::regclass, 'activity_type'::regclass) AND tgenabled <> 'D') < 7;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_proc WHERE proname = 'calsync_settings_changed' AND pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE FUNCTION calsync_settings_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $body$
BEGIN
    UPDATE calsync_meta
    SET value = CASE WHEN value ~ '^[0-9]{1,18}$' THEN (value::bigint + 1)::text ELSE '1' END
    WHERE name = 'settings_revision';
    RETURN NULL;
END
$body$;
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = 'calsync_provider_revision' AND tgrelid = 'calsync_provider'::regclass) THEN
CREATE TRIGGER calsync_provider_revision
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON calsync_provider
    FOR EACH STATEMENT EXECUTE PROCEDURE calsync_settings_changed();
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = 'calsync_profile_revision' AND tgrelid = 'calsync_profile'::regclass) THEN
CREATE TRIGGER calsync_profile_revision
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON calsync_profile
    FOR EACH STATEMENT EXECUTE PROCEDURE calsync_settings_changed();
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_proc WHERE proname = 'calsync_activity_changed' AND pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE FUNCTION calsync_activity_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $body$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO calsync_feed (activity_id) SELECT DISTINCT id FROM activity;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO calsync_feed (activity_id) VALUES (OLD.id);
    ELSE
        INSERT INTO calsync_feed (activity_id) VALUES (NEW.id);
        IF TG_OP = 'UPDATE' THEN
            IF OLD.id <> NEW.id THEN
                INSERT INTO calsync_feed (activity_id) VALUES (OLD.id);
            END IF;
        END IF;
    END IF;
    RETURN NULL;
END
$body$;
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = 'calsync_activity_feed' AND tgrelid = 'activity'::regclass) THEN
CREATE TRIGGER calsync_activity_feed
    AFTER INSERT OR UPDATE OR DELETE ON activity FOR EACH ROW EXECUTE PROCEDURE calsync_activity_changed();
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = 'calsync_activity_truncate' AND tgrelid = 'activity'::regclass) THEN
CREATE TRIGGER calsync_activity_truncate
    BEFORE TRUNCATE ON activity FOR EACH STATEMENT EXECUTE PROCEDURE calsync_activity_changed();
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_proc WHERE proname = 'calsync_activity_exception_changed' AND pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE FUNCTION calsync_activity_exception_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $body$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO calsync_feed (activity_id) SELECT DISTINCT activity_id FROM activity_exception;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO calsync_feed (activity_id) VALUES (OLD.activity_id);
    ELSE
        INSERT INTO calsync_feed (activity_id) VALUES (NEW.activity_id);
        IF TG_OP = 'UPDATE' THEN
            IF OLD.activity_id <> NEW.activity_id THEN
                INSERT INTO calsync_feed (activity_id) VALUES (OLD.activity_id);
            END IF;
        END IF;
    END IF;
    RETURN NULL;
END
$body$;
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = 'calsync_activity_exception_feed' AND tgrelid = 'activity_exception'::regclass) THEN
CREATE TRIGGER calsync_activity_exception_feed
    AFTER INSERT OR UPDATE OR DELETE ON activity_exception FOR EACH ROW EXECUTE PROCEDURE calsync_activity_exception_changed();
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = 'calsync_activity_exception_truncate' AND tgrelid = 'activity_exception'::regclass) THEN
CREATE TRIGGER calsync_activity_exception_truncate
    BEFORE TRUNCATE ON activity_exception FOR EACH STATEMENT EXECUTE PROCEDURE calsync_activity_exception_changed();
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_proc WHERE proname = 'calsync_activity_participant_changed' AND pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE FUNCTION calsync_activity_participant_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $body$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO calsync_feed (activity_id) SELECT DISTINCT activity_id FROM activity_participant;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO calsync_feed (activity_id) VALUES (OLD.activity_id);
    ELSE
        INSERT INTO calsync_feed (activity_id) VALUES (NEW.activity_id);
        IF TG_OP = 'UPDATE' THEN
            IF OLD.activity_id <> NEW.activity_id THEN
                INSERT INTO calsync_feed (activity_id) VALUES (OLD.activity_id);
            END IF;
        END IF;
    END IF;
    RETURN NULL;
END
$body$;
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = 'calsync_activity_participant_feed' AND tgrelid = 'activity_participant'::regclass) THEN
CREATE TRIGGER calsync_activity_participant_feed
    AFTER INSERT OR UPDATE OR DELETE ON activity_participant FOR EACH ROW EXECUTE PROCEDURE calsync_activity_participant_changed();
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = 'calsync_activity_participant_truncate' AND tgrelid = 'activity_participant'::regclass) THEN
CREATE TRIGGER calsync_activity_participant_truncate
    BEFORE TRUNCATE ON activity_participant FOR EACH STATEMENT EXECUTE PROCEDURE calsync_activity_participant_changed();
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_proc WHERE proname = 'calsync_activity_type_changed' AND pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) THEN
CREATE FUNCTION calsync_activity_type_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $body$
BEGIN
    IF OLD.calendar_sync <> NEW.calendar_sync THEN
        INSERT INTO calsync_feed (activity_id) SELECT id FROM activity WHERE type_id = NEW.id;
    END IF;
    RETURN NULL;
END
$body$;
END IF; END $guard$;

DO $guard$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = 'calsync_activity_type_feed' AND tgrelid = 'activity_type'::regclass) THEN
CREATE TRIGGER calsync_activity_type_feed
    AFTER UPDATE ON activity_type FOR EACH ROW EXECUTE PROCEDURE calsync_activity_type_changed();
END IF; END $guard$;

COMMIT;


