BEGIN IMMEDIATE;

CREATE TABLE IF NOT EXISTS system_info (
    id INTEGER NOT NULL,
    version VARCHAR(32) NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE IF NOT EXISTS module (
    name VARCHAR(64) NOT NULL,
    licensed BOOLEAN NOT NULL,
    enabled BOOLEAN NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE IF NOT EXISTS employee (
    id INTEGER NOT NULL,
    code VARCHAR(16) NOT NULL,
    name VARCHAR(200) NOT NULL,
    email VARCHAR(320) NOT NULL,
    active BOOLEAN DEFAULT 1 NOT NULL,
    calendarsync_allowed BOOLEAN DEFAULT 1 NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (code)
);

CREATE TABLE IF NOT EXISTS employee_email (
    id INTEGER NOT NULL,
    employee_id INTEGER NOT NULL,
    email VARCHAR(320) NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(employee_id) REFERENCES employee (id)
);

CREATE INDEX IF NOT EXISTS ix_employee_email_employee_id ON employee_email (employee_id);

CREATE TABLE IF NOT EXISTS activity_type (
    id INTEGER NOT NULL,
    name VARCHAR(100) NOT NULL,
    calendar_sync VARCHAR(16) DEFAULT 'normal' NOT NULL,
    inbound_default BOOLEAN DEFAULT 0 NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE IF NOT EXISTS activity (
    id CHAR(32) NOT NULL,
    type_id INTEGER NOT NULL,
    subject VARCHAR(500) DEFAULT '' NOT NULL,
    body TEXT DEFAULT '' NOT NULL,
    location VARCHAR(500) DEFAULT '' NOT NULL,
    starts_at DATETIME NOT NULL,
    ends_at DATETIME NOT NULL,
    time_zone VARCHAR(64) NOT NULL,
    all_day BOOLEAN DEFAULT 0 NOT NULL,
    status VARCHAR(16) DEFAULT 'open' NOT NULL,
    importance VARCHAR(8) DEFAULT 'normal' NOT NULL,
    private BOOLEAN DEFAULT 0 NOT NULL,
    show_as VARCHAR(16) DEFAULT 'busy' NOT NULL,
    reminder_minutes INTEGER,
    responsible_id INTEGER NOT NULL,
    organizer_name VARCHAR(200),
    organizer_email VARCHAR(320),
    online_meeting_url VARCHAR(2000),
    recurrence VARCHAR(1000),
    note TEXT,
    created_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
    modified_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
    deleted_at DATETIME,
    PRIMARY KEY (id),
    FOREIGN KEY(type_id) REFERENCES activity_type (id),
    FOREIGN KEY(responsible_id) REFERENCES employee (id)
);

CREATE INDEX IF NOT EXISTS ix_activity_responsible_id ON activity (responsible_id);

CREATE TABLE IF NOT EXISTS activity_exception (
    id CHAR(32) NOT NULL,
    activity_id CHAR(32) NOT NULL,
    original_start DATETIME NOT NULL,
    cancelled BOOLEAN DEFAULT 0 NOT NULL,
    subject VARCHAR(500),
    body TEXT,
    location VARCHAR(500),
    starts_at DATETIME,
    ends_at DATETIME,
    PRIMARY KEY (id),
    CONSTRAINT uq_activity_exception UNIQUE (activity_id, original_start),
    FOREIGN KEY(activity_id) REFERENCES activity (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS activity_participant (
    id CHAR(32) NOT NULL,
    activity_id CHAR(32) NOT NULL,
    employee_id INTEGER,
    email VARCHAR(320),
    name VARCHAR(200),
    role VARCHAR(16) DEFAULT 'invited' NOT NULL,
    response VARCHAR(16) DEFAULT 'none' NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(activity_id) REFERENCES activity (id) ON DELETE CASCADE,
    FOREIGN KEY(employee_id) REFERENCES employee (id)
);

CREATE INDEX IF NOT EXISTS ix_activity_participant_activity_id ON activity_participant (activity_id);

INSERT INTO system_info (id, version)
SELECT 1, '5.2.006' WHERE NOT EXISTS (SELECT 1 FROM system_info);

INSERT INTO module (name, licensed, enabled)
SELECT 'CalendarSync', 1, 1 WHERE NOT EXISTS (SELECT 1 FROM module WHERE name = 'CalendarSync');

INSERT INTO activity_type (name, calendar_sync, inbound_default)
SELECT 'Appointment', 'normal', 1
WHERE NOT EXISTS (SELECT 1 FROM activity_type WHERE inbound_default = 1);

CREATE TABLE IF NOT EXISTS calsync_feed (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    activity_id CHAR(32) NOT NULL
);

CREATE INDEX IF NOT EXISTS ix_calsync_feed_activity_id ON calsync_feed (activity_id);

CREATE TABLE IF NOT EXISTS calsync_provider (
    id INTEGER NOT NULL,
    kind VARCHAR(32) NOT NULL,
    tenant_id VARCHAR(64) NOT NULL,
    inbound BOOLEAN DEFAULT 1 NOT NULL,
    outbound BOOLEAN DEFAULT 1 NOT NULL,
    priority VARCHAR(16) DEFAULT 'outbound_first' NOT NULL,
    interval_seconds INTEGER DEFAULT 5 NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (kind)
);

CREATE TABLE IF NOT EXISTS calsync_profile (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    provider_id INTEGER NOT NULL,
    employee_id INTEGER NOT NULL,
    external_user_id VARCHAR(320) NOT NULL,
    active BOOLEAN DEFAULT 1 NOT NULL,
    CONSTRAINT uq_calsync_profile_employee UNIQUE (provider_id, employee_id),
    CONSTRAINT uq_calsync_profile_user UNIQUE (provider_id, external_user_id),
    FOREIGN KEY(provider_id) REFERENCES calsync_provider (id),
    FOREIGN KEY(employee_id) REFERENCES employee (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS calsync_log (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at DATETIME NOT NULL,
    level VARCHAR(8) NOT NULL,
    profile_id INTEGER,
    kind VARCHAR(32) NOT NULL,
    message TEXT NOT NULL,
    activity_id CHAR(32),
    event_id VARCHAR(400),
    content TEXT
);

CREATE INDEX IF NOT EXISTS ix_calsync_log_activity ON calsync_log (activity_id, id);

CREATE INDEX IF NOT EXISTS ix_calsync_log_at ON calsync_log (at);

CREATE INDEX IF NOT EXISTS ix_calsync_log_level ON calsync_log (level, id);

CREATE INDEX IF NOT EXISTS ix_calsync_log_profile ON calsync_log (profile_id, id);

CREATE TABLE IF NOT EXISTS calsync_meta (
    name VARCHAR(64) NOT NULL,
    value VARCHAR(255) NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE IF NOT EXISTS calsync_pending (
    profile_id INTEGER NOT NULL,
    activity_id CHAR(32) NOT NULL,
    version INTEGER DEFAULT 1 NOT NULL,
    PRIMARY KEY (profile_id, activity_id),
    FOREIGN KEY(profile_id) REFERENCES calsync_profile (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS calsync_link (
    id CHAR(32) NOT NULL,
    profile_id INTEGER NOT NULL,
    activity_id CHAR(32) NOT NULL,
    event_id VARCHAR(400),
    ical_uid VARCHAR(400),
    role VARCHAR(16) NOT NULL,
    consolidate_print VARCHAR(200) DEFAULT '' NOT NULL,
    exchange_print VARCHAR(200) DEFAULT '' NOT NULL,
    unfinished BOOLEAN DEFAULT 0 NOT NULL,
    guests TEXT,
    exchange_modified_at DATETIME,
    starts_at DATETIME,
    ends_at DATETIME,
    PRIMARY KEY (id),
    CONSTRAINT uq_calsync_link_activity UNIQUE (profile_id, activity_id),
    FOREIGN KEY(profile_id) REFERENCES calsync_profile (id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS ix_calsync_link_activity_id ON calsync_link (activity_id);

CREATE INDEX IF NOT EXISTS ix_calsync_link_ical_uid ON calsync_link (ical_uid);

CREATE UNIQUE INDEX IF NOT EXISTS uq_calsync_link_event ON calsync_link (profile_id, event_id);

CREATE TABLE IF NOT EXISTS calsync_profile_state (
    profile_id INTEGER NOT NULL,
    mailbox VARCHAR(320) DEFAULT '' NOT NULL,
    delta_link TEXT,
    window_start DATETIME,
    window_end DATETIME,
    listed_at DATETIME,
    compared_at DATETIME,
    PRIMARY KEY (profile_id),
    FOREIGN KEY(profile_id) REFERENCES calsync_profile (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS calsync_quarantine (
    id INTEGER NOT NULL,
    profile_id INTEGER NOT NULL,
    activity_id CHAR(32),
    event_id VARCHAR(400),
    reason TEXT NOT NULL,
    attempts INTEGER DEFAULT 1 NOT NULL,
    since DATETIME NOT NULL,
    next_at DATETIME NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(profile_id) REFERENCES calsync_profile (id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS ix_calsync_quarantine_profile_id ON calsync_quarantine (profile_id);

CREATE TABLE IF NOT EXISTS calsync_history (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at DATETIME NOT NULL,
    profile_id INTEGER NOT NULL,
    side VARCHAR(16) NOT NULL,
    activity_id CHAR(32) NOT NULL,
    event_id VARCHAR(400),
    subject VARCHAR(500) NOT NULL,
    rule VARCHAR(64) NOT NULL,
    content TEXT NOT NULL,
    replaced_by TEXT,
    responsible_id INTEGER NOT NULL,
    type_id INTEGER
);

CREATE INDEX IF NOT EXISTS ix_calsync_history_activity_id ON calsync_history (activity_id);

CREATE INDEX IF NOT EXISTS ix_calsync_history_at ON calsync_history (at);

CREATE TABLE IF NOT EXISTS calsync_waiting (
    profile_id INTEGER NOT NULL,
    event_id VARCHAR(400) NOT NULL,
    ical_uid VARCHAR(400) NOT NULL,
    organizer_id INTEGER NOT NULL,
    since DATETIME NOT NULL,
    PRIMARY KEY (profile_id, event_id),
    FOREIGN KEY(profile_id) REFERENCES calsync_profile (id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS ix_calsync_waiting_ical_uid ON calsync_waiting (ical_uid);

CREATE TABLE IF NOT EXISTS calsync_hold (
    profile_id INTEGER NOT NULL,
    activity_id CHAR(32) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    subject VARCHAR(500) NOT NULL,
    since DATETIME NOT NULL,
    verdict VARCHAR(16),
    PRIMARY KEY (profile_id, activity_id),
    FOREIGN KEY(profile_id) REFERENCES calsync_profile (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS calsync_agent (
    id CHAR(32) NOT NULL,
    host VARCHAR(255) NOT NULL,
    pid INTEGER NOT NULL,
    version VARCHAR(32) NOT NULL,
    lock_file VARCHAR(1000) NOT NULL,
    started_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
    seen_at DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
    settings_revision INTEGER DEFAULT 0 NOT NULL,
    settings_taken_at DATETIME,
    round_at DATETIME,
    round_ms INTEGER,
    PRIMARY KEY (id)
);

CREATE TABLE IF NOT EXISTS calsync_lease (
    profile_id INTEGER NOT NULL,
    agent_id CHAR(32) NOT NULL,
    PRIMARY KEY (profile_id),
    FOREIGN KEY(profile_id) REFERENCES calsync_profile (id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS ix_calsync_lease_agent_id ON calsync_lease (agent_id);

CREATE TABLE IF NOT EXISTS calsync_fare (
    profile_id INTEGER NOT NULL,
    state VARCHAR(16) NOT NULL,
    since DATETIME NOT NULL,
    synced_at DATETIME,
    error TEXT,
    retry_at DATETIME,
    PRIMARY KEY (profile_id),
    FOREIGN KEY(profile_id) REFERENCES calsync_profile (id) ON DELETE CASCADE
);

INSERT INTO calsync_meta (name, value)
SELECT 'schema_version', '1' WHERE NOT EXISTS (SELECT 1 FROM calsync_meta WHERE name = 'schema_version');

INSERT INTO calsync_meta (name, value)
SELECT 'settings_revision', '0' WHERE NOT EXISTS (SELECT 1 FROM calsync_meta WHERE name = 'settings_revision');

UPDATE calsync_profile_state SET compared_at = NULL
WHERE compared_at IS NOT NULL AND (SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger' AND name IN ('calsync_activity_insert', 'calsync_activity_update', 'calsync_activity_delete', 'calsync_activity_exception_insert', 'calsync_activity_exception_update', 'calsync_activity_exception_delete', 'calsync_activity_participant_insert', 'calsync_activity_participant_update', 'calsync_activity_participant_delete', 'calsync_activity_type_feed')) < 10;

CREATE TRIGGER IF NOT EXISTS calsync_provider_revision_insert AFTER INSERT ON calsync_provider BEGIN
    UPDATE calsync_meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)
    WHERE name = 'settings_revision';
END;

CREATE TRIGGER IF NOT EXISTS calsync_provider_revision_update AFTER UPDATE ON calsync_provider BEGIN
    UPDATE calsync_meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)
    WHERE name = 'settings_revision';
END;

CREATE TRIGGER IF NOT EXISTS calsync_provider_revision_delete AFTER DELETE ON calsync_provider BEGIN
    UPDATE calsync_meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)
    WHERE name = 'settings_revision';
END;

CREATE TRIGGER IF NOT EXISTS calsync_profile_revision_insert AFTER INSERT ON calsync_profile BEGIN
    UPDATE calsync_meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)
    WHERE name = 'settings_revision';
END;

CREATE TRIGGER IF NOT EXISTS calsync_profile_revision_update AFTER UPDATE ON calsync_profile BEGIN
    UPDATE calsync_meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)
    WHERE name = 'settings_revision';
END;

CREATE TRIGGER IF NOT EXISTS calsync_profile_revision_delete AFTER DELETE ON calsync_profile BEGIN
    UPDATE calsync_meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)
    WHERE name = 'settings_revision';
END;

CREATE TRIGGER IF NOT EXISTS calsync_activity_insert AFTER INSERT ON activity BEGIN
    INSERT INTO calsync_feed (activity_id) VALUES (NEW.id);
END;

CREATE TRIGGER IF NOT EXISTS calsync_activity_update AFTER UPDATE ON activity BEGIN
    INSERT INTO calsync_feed (activity_id) VALUES (NEW.id);
    INSERT INTO calsync_feed (activity_id)
    SELECT OLD.id WHERE OLD.id <> NEW.id;
END;

CREATE TRIGGER IF NOT EXISTS calsync_activity_delete AFTER DELETE ON activity BEGIN
    INSERT INTO calsync_feed (activity_id) VALUES (OLD.id);
END;

CREATE TRIGGER IF NOT EXISTS calsync_activity_exception_insert AFTER INSERT ON activity_exception BEGIN
    INSERT INTO calsync_feed (activity_id) VALUES (NEW.activity_id);
END;

CREATE TRIGGER IF NOT EXISTS calsync_activity_exception_update AFTER UPDATE ON activity_exception BEGIN
    INSERT INTO calsync_feed (activity_id) VALUES (NEW.activity_id);
    INSERT INTO calsync_feed (activity_id)
    SELECT OLD.activity_id WHERE OLD.activity_id <> NEW.activity_id;
END;

CREATE TRIGGER IF NOT EXISTS calsync_activity_exception_delete AFTER DELETE ON activity_exception BEGIN
    INSERT INTO calsync_feed (activity_id) VALUES (OLD.activity_id);
END;

CREATE TRIGGER IF NOT EXISTS calsync_activity_participant_insert AFTER INSERT ON activity_participant BEGIN
    INSERT INTO calsync_feed (activity_id) VALUES (NEW.activity_id);
END;

CREATE TRIGGER IF NOT EXISTS calsync_activity_participant_update AFTER UPDATE ON activity_participant BEGIN
    INSERT INTO calsync_feed (activity_id) VALUES (NEW.activity_id);
    INSERT INTO calsync_feed (activity_id)
    SELECT OLD.activity_id WHERE OLD.activity_id <> NEW.activity_id;
END;

CREATE TRIGGER IF NOT EXISTS calsync_activity_participant_delete AFTER DELETE ON activity_participant BEGIN
    INSERT INTO calsync_feed (activity_id) VALUES (OLD.activity_id);
END;

CREATE TRIGGER IF NOT EXISTS calsync_activity_type_feed
AFTER UPDATE ON activity_type WHEN OLD.calendar_sync <> NEW.calendar_sync BEGIN
    INSERT INTO calsync_feed (activity_id) SELECT id FROM activity WHERE type_id = NEW.id;
END;

COMMIT;


