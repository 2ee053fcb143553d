-- By which names a platform delivers a count, over which windows, and on whose clock its days begin.

-- deploy
ALTER TABLE tidemark.metric_definitions
    ADD COLUMN aliases  text[] NOT NULL DEFAULT '{}',
    ADD COLUMN windows  text[] NOT NULL DEFAULT '{lifetime}',
    ADD COLUMN day_zone text   NOT NULL DEFAULT 'UTC',
    ADD CONSTRAINT metric_definitions_windows_check
        CHECK (windows <@ ARRAY['lifetime', 'day', 'week', 'days_28', 'range']);
COMMENT ON COLUMN tidemark.metric_definitions.aliases IS
    'the platform''s own names for it, over all its APIs and exports; of views those that mean this definition';
COMMENT ON COLUMN tidemark.metric_definitions.windows IS 'what its counts may cover; empty: the platform does not offer it';
COMMENT ON COLUMN tidemark.metric_definitions.day_zone IS 'on which clock the platform''s days begin';

-- verify
SELECT aliases, windows, day_zone FROM tidemark.metric_definitions WHERE false;

-- revert
DROP VIEW IF EXISTS tidemark.latest_counts;
DROP VIEW IF EXISTS tidemark.increments;
DROP VIEW IF EXISTS tidemark.latest_periods;
DROP VIEW IF EXISTS tidemark.definition_changes;
DROP FUNCTION IF EXISTS tidemark.make_months_ahead();
DROP FUNCTION IF EXISTS tidemark.ensure_metric_partitions(timestamptz, timestamptz, interval);
DROP FUNCTION IF EXISTS tidemark.attach_metric_partition(regclass, timestamptz, timestamptz, text);
DROP FUNCTION IF EXISTS tidemark.lock_metric_partitions(interval);
ALTER TABLE tidemark.metric_definitions DROP COLUMN aliases, DROP COLUMN windows, DROP COLUMN day_zone;
