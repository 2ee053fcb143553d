-- What plugins keep from run to run, and what their runs have used.

-- deploy
CREATE TABLE tidemark.plugin_state (
    plugin     text        NOT NULL,
    key        text        NOT NULL,
    value      jsonb       NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    user_id    uuid        NOT NULL DEFAULT auth.uid(),
    PRIMARY KEY (user_id, plugin, key)
);
COMMENT ON TABLE tidemark.plugin_state IS 'tidemark: ctx.state of a plugin: what it keeps from run to run';

-- One row a plugin's part and owner: the newest run, and the most that any run took. Runs themselves are not kept here.
CREATE TABLE tidemark.plugin_uses (
    plugin        text        NOT NULL,
    part          text        NOT NULL,
    version       text        NOT NULL,
    runs          bigint      NOT NULL DEFAULT 0,
    failures      bigint      NOT NULL DEFAULT 0,
    cpu_ms_max    integer     NOT NULL DEFAULT 0,
    call_ms_max   integer     NOT NULL DEFAULT 0,
    memory_max    bigint      NOT NULL DEFAULT 0,
    rows_max      bigint      NOT NULL DEFAULT 0,
    output_max    bigint      NOT NULL DEFAULT 0,
    db_ms_max     integer     NOT NULL DEFAULT 0,
    log_lines_max integer     NOT NULL DEFAULT 0,
    run_ms_max    integer     NOT NULL DEFAULT 0,
    last_run_at   timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    last_error    text,
    last_error_at timestamptz,
    user_id       uuid        NOT NULL DEFAULT auth.uid(),
    PRIMARY KEY (user_id, plugin, part),
    CONSTRAINT plugin_uses_sign_check CHECK (failures >= 0 AND least(cpu_ms_max, call_ms_max, memory_max, rows_max, output_max,
                                                                     db_ms_max, log_lines_max, run_ms_max) >= 0),
    CONSTRAINT plugin_uses_runs_check CHECK (runs >= failures),
    CONSTRAINT plugin_uses_error_check CHECK ((last_error IS NULL) = (last_error_at IS NULL))
);
COMMENT ON TABLE tidemark.plugin_uses IS 'tidemark: what the runs of a plugin''s part used at most, and its last error';
COMMENT ON COLUMN tidemark.plugin_uses.part IS 'a parser, rule, report, job or collector, by its full name';
COMMENT ON COLUMN tidemark.plugin_uses.version IS 'digest of the plugin at the newest run';
COMMENT ON COLUMN tidemark.plugin_uses.call_ms_max IS 'CPU of the dearest single call (parsers)';
COMMENT ON COLUMN tidemark.plugin_uses.memory_max IS 'bytes, of the plugin''s whole state';

ALTER TABLE tidemark.plugin_state ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE tidemark.plugin_uses ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- verify
SELECT relrowsecurity AND relforcerowsecurity FROM pg_class
 WHERE oid IN ('tidemark.plugin_state'::regclass, 'tidemark.plugin_uses'::regclass);
SELECT string_agg(attname, ', ' ORDER BY array_position(conkey, attnum)) = 'user_id, plugin, key'
  FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey)
 WHERE conrelid = 'tidemark.plugin_state'::regclass AND contype = 'p';

-- revert
DROP FUNCTION IF EXISTS tidemark.wall_gaps(name);
DROP FUNCTION IF EXISTS tidemark.wall(name);
DROP TABLE tidemark.plugin_uses;
DROP TABLE tidemark.plugin_state;
