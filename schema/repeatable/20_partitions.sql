-- One month of one table. The new table is filled before it is attached: rows of that month that waited in the default
-- partition move with it, and the lock on the default partition lets no further one in until the month is there.
CREATE OR REPLACE FUNCTION tidemark.make_metric_partition(parent regclass, low timestamptz, high timestamptz, part text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    overflow text := format('tidemark_parts.%I', (SELECT relname FROM pg_class WHERE oid = parent) || '_default');
BEGIN
    EXECUTE format('LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE', overflow);
    EXECUTE format('CREATE TABLE tidemark_parts.%I (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, parent);
    EXECUTE format('WITH stray AS (DELETE FROM ONLY %s WHERE recorded_at >= %L AND recorded_at < %L RETURNING *)
                    INSERT INTO tidemark_parts.%I SELECT * FROM stray', overflow, low, high, part);
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION tidemark_parts.%I FOR VALUES FROM (%L) TO (%L)', parent, part, low, high);
    EXECUTE format('ALTER TABLE tidemark_parts.%I ENABLE ROW LEVEL SECURITY', part);
    EXECUTE format('REVOKE ALL ON tidemark_parts.%I FROM PUBLIC, anon, authenticated, service_role', part);
END
$$;
COMMENT ON FUNCTION tidemark.make_metric_partition(regclass, timestamptz, timestamptz, text) IS
    'tidemark: makes one month''s partition; called by ensure_metric_partitions';

-- Makes the months from first to last (UTC) that metrics or archive lack; returns how many partitions it made. Costs one
-- look at the catalog when none is missing. Otherwise it locks the default partition and content until the transaction
-- ends, so call it in a short transaction of its own, or before the first row is written.
CREATE OR REPLACE FUNCTION tidemark.ensure_metric_partitions(first timestamptz, last timestamptz)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    first_month timestamptz := date_trunc('month', first, 'UTC');
    last_month  timestamptz := date_trunc('month', last, 'UTC');
    missing     record;
    locked      boolean := false;
    made        integer := 0;
BEGIN
    IF first IS NULL OR last IS NULL OR NOT isfinite(first) OR NOT isfinite(last) OR first > last
       OR last - first > interval '36600 days' THEN
        RAISE EXCEPTION 'ensure_metric_partitions: % to % is no span of months (at most 100 years)', first, last
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    LOOP
        FOR missing IN
            SELECT parent, month AS low, month + interval '1 month' AS high, part
              FROM unnest(ARRAY['content_performance_metrics', 'archived_performance_metrics']) AS p (parent),
                   generate_series(first_month, last_month, interval '1 month') AS m (month),
                   format('%s_y%sm%s', parent, to_char(month, 'YYYY'), to_char(month, 'MM')) AS part
             WHERE NOT EXISTS (SELECT FROM pg_class c
                                WHERE c.relnamespace = 'tidemark_parts'::regnamespace AND c.relname = part)
             ORDER BY month, parent
        LOOP
            -- Whoever has to make one waits for the others that do, and looks again: into pg_class itself, for
            -- to_regclass() may answer from what this session remembers.
            EXIT WHEN NOT locked;
            PERFORM tidemark.make_metric_partition(format('public.%I', missing.parent)::regclass, missing.low, missing.high,
                                                   missing.part);
            made := made + 1;
        END LOOP;
        EXIT WHEN locked OR missing IS NULL;
        PERFORM pg_advisory_xact_lock(hashtextextended('tidemark.ensure_metric_partitions', 0));
        locked := true;
    END LOOP;
    RETURN made;
END
$$;
COMMENT ON FUNCTION tidemark.ensure_metric_partitions(timestamptz, timestamptz) IS
    'tidemark: makes the missing months of metrics and archive';
