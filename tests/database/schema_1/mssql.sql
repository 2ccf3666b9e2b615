SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
SET NOCOUNT ON;
GO

IF OBJECT_ID(N'[system_info]', N'U') IS NULL
EXEC (N'CREATE TABLE system_info (
    id INTEGER NOT NULL,
    version NVARCHAR(32) NOT NULL,
    PRIMARY KEY (id)
)');
GO

IF OBJECT_ID(N'[module]', N'U') IS NULL
EXEC (N'CREATE TABLE module (
    name NVARCHAR(64) NOT NULL,
    licensed BIT NOT NULL,
    enabled BIT NOT NULL,
    PRIMARY KEY (name)
)');
GO

IF OBJECT_ID(N'[employee]', N'U') IS NULL
EXEC (N'CREATE TABLE employee (
    id INTEGER NOT NULL IDENTITY,
    code NVARCHAR(16) NOT NULL,
    name NVARCHAR(200) NOT NULL,
    email NVARCHAR(320) NOT NULL,
    active BIT NOT NULL DEFAULT 1,
    calendarsync_allowed BIT NOT NULL DEFAULT 1,
    PRIMARY KEY (id),
    UNIQUE (code)
)');
GO

IF OBJECT_ID(N'[employee_email]', N'U') IS NULL
EXEC (N'CREATE TABLE employee_email (
    id INTEGER NOT NULL IDENTITY,
    employee_id INTEGER NOT NULL,
    email NVARCHAR(320) NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(employee_id) REFERENCES employee (id)
)');
GO

IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE name = N'ix_employee_email_employee_id' AND object_id = OBJECT_ID(N'[employee_email]'))
EXEC (N'CREATE INDEX ix_employee_email_employee_id ON employee_email (employee_id)');
GO

IF OBJECT_ID(N'[activity_type]', N'U') IS NULL
EXEC (N'CREATE TABLE activity_type (
    id INTEGER NOT NULL IDENTITY,
    name NVARCHAR(100) NOT NULL,
    calendar_sync NVARCHAR(16) NOT NULL DEFAULT ''normal'',
    inbound_default BIT NOT NULL DEFAULT 0,
    PRIMARY KEY (id)
)');
GO

IF OBJECT_ID(N'[activity]', N'U') IS NULL
EXEC (N'CREATE TABLE activity (
    id UNIQUEIDENTIFIER NOT NULL,
    type_id INTEGER NOT NULL,
    subject NVARCHAR(500) NOT NULL DEFAULT '''',
    body NVARCHAR(max) NOT NULL DEFAULT '''',
    location NVARCHAR(500) NOT NULL DEFAULT '''',
    starts_at DATETIME2(6) NOT NULL,
    ends_at DATETIME2(6) NOT NULL,
    time_zone NVARCHAR(64) NOT NULL,
    all_day BIT NOT NULL DEFAULT 0,
    status NVARCHAR(16) NOT NULL DEFAULT ''open'',
    importance NVARCHAR(8) NOT NULL DEFAULT ''normal'',
    private BIT NOT NULL DEFAULT 0,
    show_as NVARCHAR(16) NOT NULL DEFAULT ''busy'',
    reminder_minutes INTEGER NULL,
    responsible_id INTEGER NOT NULL,
    organizer_name NVARCHAR(200) NULL,
    organizer_email NVARCHAR(320) NULL,
    online_meeting_url NVARCHAR(2000) NULL,
    recurrence NVARCHAR(1000) NULL,
    note NVARCHAR(max) NULL,
    created_at DATETIME2(6) NOT NULL DEFAULT (SYSUTCDATETIME()),
    modified_at DATETIME2(6) NOT NULL DEFAULT (SYSUTCDATETIME()),
    deleted_at DATETIME2(6) NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(type_id) REFERENCES activity_type (id),
    FOREIGN KEY(responsible_id) REFERENCES employee (id)
)');
GO

IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE name = N'ix_activity_responsible_id' AND object_id = OBJECT_ID(N'[activity]'))
EXEC (N'CREATE INDEX ix_activity_responsible_id ON activity (responsible_id)');
GO

IF OBJECT_ID(N'[activity_exception]', N'U') IS NULL
EXEC (N'CREATE TABLE activity_exception (
    id UNIQUEIDENTIFIER NOT NULL,
    activity_id UNIQUEIDENTIFIER NOT NULL,
    original_start DATETIME2(6) NOT NULL,
    cancelled BIT NOT NULL DEFAULT 0,
    subject NVARCHAR(500) NULL,
    body NVARCHAR(max) NULL,
    location NVARCHAR(500) NULL,
    starts_at DATETIME2(6) NULL,
    ends_at DATETIME2(6) NULL,
    PRIMARY KEY (id),
    CONSTRAINT uq_activity_exception UNIQUE (activity_id, original_start),
    FOREIGN KEY(activity_id) REFERENCES activity (id) ON DELETE CASCADE
)');
GO

IF OBJECT_ID(N'[activity_participant]', N'U') IS NULL
EXEC (N'CREATE TABLE activity_participant (
    id UNIQUEIDENTIFIER NOT NULL,
    activity_id UNIQUEIDENTIFIER NOT NULL,
    employee_id INTEGER NULL,
    email NVARCHAR(320) NULL,
    name NVARCHAR(200) NULL,
    role NVARCHAR(16) NOT NULL DEFAULT ''invited'',
    response NVARCHAR(16) NOT NULL DEFAULT ''none'',
    PRIMARY KEY (id),
    FOREIGN KEY(activity_id) REFERENCES activity (id) ON DELETE CASCADE,
    FOREIGN KEY(employee_id) REFERENCES employee (id)
)');
GO

IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE name = N'ix_activity_participant_activity_id' AND object_id = OBJECT_ID(N'[activity_participant]'))
EXEC (N'CREATE INDEX ix_activity_participant_activity_id ON activity_participant (activity_id)');
GO

INSERT INTO [system_info] (id, version)
SELECT 1, '5.2.006' WHERE NOT EXISTS (SELECT 1 FROM [system_info])
GO

INSERT INTO [module] (name, licensed, enabled)
SELECT 'CalendarSync', 1, 1 WHERE NOT EXISTS (SELECT 1 FROM [module] WHERE name = 'CalendarSync')
GO

INSERT INTO [activity_type] (name, calendar_sync, inbound_default)
SELECT 'Appointment', 'normal', 1
WHERE NOT EXISTS (SELECT 1 FROM [activity_type] WHERE inbound_default = 1)
GO

IF OBJECT_ID(N'[calsync_feed]', N'U') IS NULL
EXEC (N'CREATE TABLE calsync_feed (
    id BIGINT NOT NULL IDENTITY,
    activity_id UNIQUEIDENTIFIER NOT NULL,
    PRIMARY KEY (id)
)');
GO

IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE name = N'ix_calsync_feed_activity_id' AND object_id = OBJECT_ID(N'[calsync_feed]'))
EXEC (N'CREATE INDEX ix_calsync_feed_activity_id ON calsync_feed (activity_id)');
GO

IF OBJECT_ID(N'[calsync_provider]', N'U') IS NULL
EXEC (N'CREATE TABLE calsync_provider (
    id INTEGER NOT NULL,
    kind NVARCHAR(32) NOT NULL,
    tenant_id NVARCHAR(64) NOT NULL,
    inbound BIT NOT NULL DEFAULT 1,
    outbound BIT NOT NULL DEFAULT 1,
    priority NVARCHAR(16) NOT NULL DEFAULT ''outbound_first'',
    interval_seconds INTEGER NOT NULL DEFAULT 5,
    PRIMARY KEY (id),
    UNIQUE (kind)
)');
GO

IF OBJECT_ID(N'[calsync_profile]', N'U') IS NULL
EXEC (N'CREATE TABLE calsync_profile (
    id INTEGER NOT NULL IDENTITY,
    provider_id INTEGER NOT NULL,
    employee_id INTEGER NOT NULL,
    external_user_id NVARCHAR(320) NOT NULL,
    active BIT NOT NULL DEFAULT 1,
    PRIMARY KEY (id),
    CONSTRAINT uq_calsync_profile_employee UNIQUE (provider_id, employee_id),
    CONSTRAINT uq_calsync_profile_user UNIQUE (provider_id, external_user_id),
    FOREIGN KEY(provider_id) REFERENCES calsync_provider (id),
    FOREIGN KEY(employee_id) REFERENCES employee (id) ON DELETE CASCADE
)');
GO

IF OBJECT_ID(N'[calsync_log]', N'U') IS NULL
EXEC (N'CREATE TABLE calsync_log (
    id BIGINT NOT NULL IDENTITY,
    at DATETIME2(6) NOT NULL,
    level NVARCHAR(8) NOT NULL,
    profile_id INTEGER NULL,
    kind NVARCHAR(32) NOT NULL,
    message NVARCHAR(max) NOT NULL,
    activity_id UNIQUEIDENTIFIER NULL,
    event_id VARCHAR(400) COLLATE Latin1_General_BIN2 NULL,
    content NVARCHAR(max) NULL,
    PRIMARY KEY (id)
)');
GO

IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE name = N'ix_calsync_log_activity' AND object_id = OBJECT_ID(N'[calsync_log]'))
EXEC (N'CREATE INDEX ix_calsync_log_activity ON calsync_log (activity_id, id)');
GO

IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE name = N'ix_calsync_log_at' AND object_id = OBJECT_ID(N'[calsync_log]'))
EXEC (N'CREATE INDEX ix_calsync_log_at ON calsync_log (at)');
GO

IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE name = N'ix_calsync_log_level' AND object_id = OBJECT_ID(N'[calsync_log]'))
EXEC (N'CREATE INDEX ix_calsync_log_level ON calsync_log (level, id)');
GO

IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE name = N'ix_calsync_log_profile' AND object_id = OBJECT_ID(N'[calsync_log]'))
EXEC (N'CREATE INDEX ix_calsync_log_profile ON calsync_log (profile_id, id)');
GO

IF OBJECT_ID(N'[calsync_meta]', N'U') IS NULL
EXEC (N'CREATE TABLE calsync_meta (
    name NVARCHAR(64) NOT NULL,
    value NVARCHAR(255) NOT NULL,
    PRIMARY KEY (name)
)');
GO

IF OBJECT_ID(N'[calsync_pending]', N'U') IS NULL
EXEC (N'CREATE TABLE calsync_pending (
    profile_id INTEGER NOT NULL,
    activity_id UNIQUEIDENTIFIER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (profile_id, activity_id),
    FOREIGN KEY(profile_id) REFERENCES calsync_profile (id) ON DELETE CASCADE
)');
GO

IF OBJECT_ID(N'[calsync_link]', N'U') IS NULL
EXEC (N'CREATE TABLE calsync_link (
    id UNIQUEIDENTIFIER NOT NULL,
    profile_id INTEGER NOT NULL,
    activity_id UNIQUEIDENTIFIER NOT NULL,
    event_id VARCHAR(400) COLLATE Latin1_General_BIN2 NULL,
    ical_uid VARCHAR(400) COLLATE Latin1_General_BIN2 NULL,
    role NVARCHAR(16) NOT NULL,
    consolidate_print VARCHAR(200) COLLATE Latin1_General_BIN2 NOT NULL DEFAULT '''',
    exchange_print VARCHAR(200) COLLATE Latin1_General_BIN2 NOT NULL DEFAULT '''',
    unfinished BIT NOT NULL DEFAULT 0,
    guests NVARCHAR(max) NULL,
    exchange_modified_at DATETIME2(6) NULL,
    starts_at DATETIME2(6) NULL,
    ends_at DATETIME2(6) NULL,
    PRIMARY KEY (id),
    CONSTRAINT uq_calsync_link_activity UNIQUE (profile_id, activity_id),
    FOREIGN KEY(profile_id) REFERENCES calsync_profile (id) ON DELETE CASCADE
)');
GO

IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE name = N'ix_calsync_link_activity_id' AND object_id = OBJECT_ID(N'[calsync_link]'))
EXEC (N'CREATE INDEX ix_calsync_link_activity_id ON calsync_link (activity_id)');
GO

IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE name = N'ix_calsync_link_ical_uid' AND object_id = OBJECT_ID(N'[calsync_link]'))
EXEC (N'CREATE INDEX ix_calsync_link_ical_uid ON calsync_link (ical_uid)');
GO

IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE name = N'uq_calsync_link_event' AND object_id = OBJECT_ID(N'[calsync_link]'))
EXEC (N'CREATE UNIQUE INDEX uq_calsync_link_event ON calsync_link (profile_id, event_id) WHERE event_id IS NOT NULL');
GO

IF OBJECT_ID(N'[calsync_profile_state]', N'U') IS NULL
EXEC (N'CREATE TABLE calsync_profile_state (
    profile_id INTEGER NOT NULL,
    mailbox NVARCHAR(320) NOT NULL DEFAULT '''',
    delta_link VARCHAR(max) COLLATE Latin1_General_BIN2 NULL,
    window_start DATETIME2(6) NULL,
    window_end DATETIME2(6) NULL,
    listed_at DATETIME2(6) NULL,
    compared_at DATETIME2(6) NULL,
    PRIMARY KEY (profile_id),
    FOREIGN KEY(profile_id) REFERENCES calsync_profile (id) ON DELETE CASCADE
)');
GO

IF OBJECT_ID(N'[calsync_quarantine]', N'U') IS NULL
EXEC (N'CREATE TABLE calsync_quarantine (
    id BIGINT NOT NULL IDENTITY,
    profile_id INTEGER NOT NULL,
    activity_id UNIQUEIDENTIFIER NULL,
    event_id VARCHAR(400) COLLATE Latin1_General_BIN2 NULL,
    reason NVARCHAR(max) NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 1,
    since DATETIME2(6) NOT NULL,
    next_at DATETIME2(6) NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(profile_id) REFERENCES calsync_profile (id) ON DELETE CASCADE
)');
GO

IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE name = N'ix_calsync_quarantine_profile_id' AND object_id = OBJECT_ID(N'[calsync_quarantine]'))
EXEC (N'CREATE INDEX ix_calsync_quarantine_profile_id ON calsync_quarantine (profile_id)');
GO

IF OBJECT_ID(N'[calsync_history]', N'U') IS NULL
EXEC (N'CREATE TABLE calsync_history (
    id BIGINT NOT NULL IDENTITY,
    at DATETIME2(6) NOT NULL,
    profile_id INTEGER NOT NULL,
    side NVARCHAR(16) NOT NULL,
    activity_id UNIQUEIDENTIFIER NOT NULL,
    event_id VARCHAR(400) COLLATE Latin1_General_BIN2 NULL,
    subject NVARCHAR(500) NOT NULL,
    [rule] NVARCHAR(64) NOT NULL,
    content NVARCHAR(max) NOT NULL,
    replaced_by NVARCHAR(max) NULL,
    responsible_id INTEGER NOT NULL,
    type_id INTEGER NULL,
    PRIMARY KEY (id)
)');
GO

IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE name = N'ix_calsync_history_activity_id' AND object_id = OBJECT_ID(N'[calsync_history]'))
EXEC (N'CREATE INDEX ix_calsync_history_activity_id ON calsync_history (activity_id)');
GO

IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE name = N'ix_calsync_history_at' AND object_id = OBJECT_ID(N'[calsync_history]'))
EXEC (N'CREATE INDEX ix_calsync_history_at ON calsync_history (at)');
GO

IF OBJECT_ID(N'[calsync_waiting]', N'U') IS NULL
EXEC (N'CREATE TABLE calsync_waiting (
    profile_id INTEGER NOT NULL,
    event_id VARCHAR(400) COLLATE Latin1_General_BIN2 NOT NULL,
    ical_uid VARCHAR(400) COLLATE Latin1_General_BIN2 NOT NULL,
    organizer_id INTEGER NOT NULL,
    since DATETIME2(6) NOT NULL,
    PRIMARY KEY (profile_id, event_id),
    FOREIGN KEY(profile_id) REFERENCES calsync_profile (id) ON DELETE CASCADE
)');
GO

IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE name = N'ix_calsync_waiting_ical_uid' AND object_id = OBJECT_ID(N'[calsync_waiting]'))
EXEC (N'CREATE INDEX ix_calsync_waiting_ical_uid ON calsync_waiting (ical_uid)');
GO

IF OBJECT_ID(N'[calsync_hold]', N'U') IS NULL
EXEC (N'CREATE TABLE calsync_hold (
    profile_id INTEGER NOT NULL,
    activity_id UNIQUEIDENTIFIER NOT NULL,
    kind NVARCHAR(16) NOT NULL,
    subject NVARCHAR(500) NOT NULL,
    since DATETIME2(6) NOT NULL,
    verdict NVARCHAR(16) NULL,
    PRIMARY KEY (profile_id, activity_id),
    FOREIGN KEY(profile_id) REFERENCES calsync_profile (id) ON DELETE CASCADE
)');
GO

IF OBJECT_ID(N'[calsync_agent]', N'U') IS NULL
EXEC (N'CREATE TABLE calsync_agent (
    id UNIQUEIDENTIFIER NOT NULL,
    host NVARCHAR(255) NOT NULL,
    pid INTEGER NOT NULL,
    version NVARCHAR(32) NOT NULL,
    lock_file NVARCHAR(1000) NOT NULL,
    started_at DATETIME2(6) NOT NULL DEFAULT (SYSUTCDATETIME()),
    seen_at DATETIME2(6) NOT NULL DEFAULT (SYSUTCDATETIME()),
    settings_revision INTEGER NOT NULL DEFAULT 0,
    settings_taken_at DATETIME2(6) NULL,
    round_at DATETIME2(6) NULL,
    round_ms INTEGER NULL,
    PRIMARY KEY (id)
)');
GO

IF OBJECT_ID(N'[calsync_lease]', N'U') IS NULL
EXEC (N'CREATE TABLE calsync_lease (
    profile_id INTEGER NOT NULL,
    agent_id UNIQUEIDENTIFIER NOT NULL,
    PRIMARY KEY (profile_id),
    FOREIGN KEY(profile_id) REFERENCES calsync_profile (id) ON DELETE CASCADE
)');
GO

IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE name = N'ix_calsync_lease_agent_id' AND object_id = OBJECT_ID(N'[calsync_lease]'))
EXEC (N'CREATE INDEX ix_calsync_lease_agent_id ON calsync_lease (agent_id)');
GO

IF OBJECT_ID(N'[calsync_fare]', N'U') IS NULL
EXEC (N'CREATE TABLE calsync_fare (
    profile_id INTEGER NOT NULL,
    state NVARCHAR(16) NOT NULL,
    since DATETIME2(6) NOT NULL,
    synced_at DATETIME2(6) NULL,
    error NVARCHAR(max) NULL,
    retry_at DATETIME2(6) NULL,
    PRIMARY KEY (profile_id),
    FOREIGN KEY(profile_id) REFERENCES calsync_profile (id) ON DELETE CASCADE
)');
GO

INSERT INTO [calsync_meta] (name, value)
SELECT 'schema_version', '1' WHERE NOT EXISTS (SELECT 1 FROM [calsync_meta] WHERE name = 'schema_version')
GO

INSERT INTO [calsync_meta] (name, value)
SELECT 'settings_revision', '0' WHERE NOT EXISTS (SELECT 1 FROM [calsync_meta] WHERE name = 'settings_revision')
GO

UPDATE [calsync_profile_state] SET compared_at = NULL
WHERE compared_at IS NOT NULL AND (SELECT COUNT(*) FROM sys.triggers WHERE object_id IN (OBJECT_ID(N'[calsync_activity_feed]'), OBJECT_ID(N'[calsync_activity_exception_feed]'), OBJECT_ID(N'[calsync_activity_participant_feed]'), OBJECT_ID(N'[calsync_activity_type_feed]')) AND is_disabled = 0) < 4
GO

IF OBJECT_ID(N'[calsync_provider_revision]', N'TR') IS NULL
EXEC (N'CREATE TRIGGER [calsync_provider_revision] ON [calsync_provider]
AFTER INSERT, UPDATE, DELETE AS
BEGIN
    SET NOCOUNT ON;
    SET ROWCOUNT 0;
    UPDATE [calsync_meta]
    SET value = CONVERT(nvarchar(255), ISNULL(TRY_CONVERT(bigint, value), 0) + 1)
    WHERE name = N''settings_revision''
        AND (EXISTS (SELECT 1 FROM inserted) OR EXISTS (SELECT 1 FROM deleted));
END');
GO

IF OBJECT_ID(N'[calsync_profile_revision]', N'TR') IS NULL
EXEC (N'CREATE TRIGGER [calsync_profile_revision] ON [calsync_profile]
AFTER INSERT, UPDATE, DELETE AS
BEGIN
    SET NOCOUNT ON;
    SET ROWCOUNT 0;
    UPDATE [calsync_meta]
    SET value = CONVERT(nvarchar(255), ISNULL(TRY_CONVERT(bigint, value), 0) + 1)
    WHERE name = N''settings_revision''
        AND (EXISTS (SELECT 1 FROM inserted) OR EXISTS (SELECT 1 FROM deleted));
END');
GO

IF EXISTS (
    SELECT 1 FROM sys.tables WHERE object_id = OBJECT_ID(N'[calsync_feed]') AND lock_escalation <> 1
)
    ALTER TABLE [calsync_feed] SET (LOCK_ESCALATION = DISABLE)
GO

IF OBJECT_ID(N'[calsync_activity_feed]', N'TR') IS NULL
EXEC (N'CREATE TRIGGER [calsync_activity_feed] ON [activity]
AFTER INSERT, UPDATE, DELETE AS
BEGIN
    SET NOCOUNT ON;
    SET ROWCOUNT 0;
    INSERT INTO [calsync_feed] (activity_id)
    SELECT id FROM inserted UNION SELECT id FROM deleted;
END');
GO

IF OBJECT_ID(N'[calsync_activity_exception_feed]', N'TR') IS NULL
EXEC (N'CREATE TRIGGER [calsync_activity_exception_feed] ON [activity_exception]
AFTER INSERT, UPDATE, DELETE AS
BEGIN
    SET NOCOUNT ON;
    SET ROWCOUNT 0;
    INSERT INTO [calsync_feed] (activity_id)
    SELECT activity_id FROM inserted UNION SELECT activity_id FROM deleted;
END');
GO

IF OBJECT_ID(N'[calsync_activity_participant_feed]', N'TR') IS NULL
EXEC (N'CREATE TRIGGER [calsync_activity_participant_feed] ON [activity_participant]
AFTER INSERT, UPDATE, DELETE AS
BEGIN
    SET NOCOUNT ON;
    SET ROWCOUNT 0;
    INSERT INTO [calsync_feed] (activity_id)
    SELECT activity_id FROM inserted UNION SELECT activity_id FROM deleted;
END');
GO

IF OBJECT_ID(N'[calsync_activity_type_feed]', N'TR') IS NULL
EXEC (N'CREATE TRIGGER [calsync_activity_type_feed] ON [activity_type]
AFTER UPDATE AS
BEGIN
    SET NOCOUNT ON;
    SET ROWCOUNT 0;
    INSERT INTO [calsync_feed] (activity_id)
    SELECT a.id FROM [activity] a
        JOIN inserted i ON i.id = a.type_id
        JOIN deleted d ON d.id = i.id
    WHERE d.calendar_sync <> i.calendar_sync;
END');
GO


