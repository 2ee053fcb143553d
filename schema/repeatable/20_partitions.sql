-- Months of metrics and archive. Making a table hurts nobody; hanging it in takes, for a moment, a lock on the default partition
-- that every reader meets, and one on content that every ingest meets. Whoever waits for such a lock holds up all who come after
-- him. So it is asked for in short waits, with pauses in which the others go on, and months are made ahead, when no row needs
-- them yet and giving up costs nothing.

-- A month's table, filled with nothing and hung in nowhere; only its maker sees it. Its indexes and the bounds of its month are
-- there already, so that hanging it in reads no row of it.
CREATE OR REPLACE FUNCTION tidemark.make_metric_partition(parent regclass, low timestamptz, high timestamptz, part text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE TABLE tidemark_parts.%I (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES,
                    CONSTRAINT tidemark_month CHECK (recorded_at >= %L AND recorded_at < %L))', part, parent, low, high);
    EXECUTE format('ALTER TABLE tidemark_parts.%I ENABLE ROW LEVEL SECURITY', part);
    EXECUTE format('REVOKE ALL ON tidemark_parts.%I FROM PUBLIC, anon, authenticated, service_role', part);
END
$$;
COMMENT ON FUNCTION tidemark.make_metric_partition(regclass, timestamptz, timestamptz, text) IS
    'tidemark: makes one month''s table; called by ensure_metric_partitions';

-- All that hanging in takes, had at once or not at all: every wait is at most a quarter of a second; then everything is let go,
-- and after a pause tried again, until patience is over: lock_not_available.
CREATE OR REPLACE FUNCTION tidemark.lock_metric_partitions(patience interval) RETURNS void LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    started timestamptz := clock_timestamp();
    usual   text := current_setting('lock_timeout');
BEGIN
    LOOP
        BEGIN
            SET LOCAL lock_timeout = '250ms';
            LOCK TABLE ONLY public.content IN SHARE ROW EXCLUSIVE MODE;
            LOCK TABLE ONLY public.content_performance_metrics, ONLY public.archived_performance_metrics
                IN SHARE UPDATE EXCLUSIVE MODE;
            LOCK TABLE tidemark_parts.content_performance_metrics_default, tidemark_parts.archived_performance_metrics_default
                IN ACCESS EXCLUSIVE MODE;
            EXECUTE format('SET LOCAL lock_timeout = %L', usual);
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            IF clock_timestamp() - started >= patience THEN
                RAISE EXCEPTION 'a month''s partition could not be made within %: somebody holds the tables', patience
                    USING ERRCODE = 'lock_not_available',
                          HINT = 'A long report or an open transaction is in the way; try again when it is over.';
            END IF;
            PERFORM pg_sleep(0.05 + 0.2 * random());
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION tidemark.lock_metric_partitions(interval) IS
    'tidemark: waits for what making months takes; called by ensure_metric_partitions';

-- Hangs it in. Rows of that month that waited in the default partition move with it.
CREATE OR REPLACE FUNCTION tidemark.attach_metric_partition(parent regclass, low timestamptz, high timestamptz, part text)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('WITH stray AS (DELETE FROM ONLY tidemark_parts.%I WHERE recorded_at >= %L AND recorded_at < %L RETURNING *)
                    INSERT INTO tidemark_parts.%I SELECT * FROM stray',
                   (SELECT relname FROM pg_class WHERE oid = parent) || '_default', low, high, part);
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION tidemark_parts.%I FOR VALUES FROM (%L) TO (%L)', parent, part, low, high);
    EXECUTE format('ALTER TABLE tidemark_parts.%I DROP CONSTRAINT tidemark_month', part);
END
$$;
COMMENT ON FUNCTION tidemark.attach_metric_partition(regclass, timestamptz, timestamptz, text) IS
    'tidemark: hangs one month''s table in; called by ensure_metric_partitions';

-- Makes the months from first to last (UTC) that metrics or archive lack; returns how many partitions it made. Costs one
-- look at the catalog when none is missing. Otherwise the locks are held until the transaction ends, so call it in a short
-- transaction of its own, or before the first row is written.
DROP FUNCTION IF EXISTS tidemark.ensure_metric_partitions(timestamptz, timestamptz);
CREATE OR REPLACE FUNCTION tidemark.ensure_metric_partitions(first timestamptz, last timestamptz,
                                                             patience interval DEFAULT '1 minute')
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    first_month timestamptz := date_trunc('month', first, 'UTC');
    last_month  timestamptz := date_trunc('month', last, 'UTC');
    missing     record;
    tables      text[] := '{}';
    lows        timestamptz[] := '{}';
    parts       text[] := '{}';
    locked      boolean := false;
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
            tables := tables || missing.parent::text;
            lows := lows || missing.low;
            parts := parts || missing.part;
        END LOOP;
        EXIT WHEN locked OR missing IS NULL;
        PERFORM pg_advisory_xact_lock(hashtextextended('tidemark.ensure_metric_partitions', 0));
        locked := true;
    END LOOP;
    -- All are made before the first is hung in: from then on others wait for us.
    IF cardinality(parts) > 0 THEN
        PERFORM tidemark.lock_metric_partitions(patience);
    END IF;
    FOR i IN 1 .. cardinality(parts) LOOP
        PERFORM tidemark.attach_metric_partition(format('public.%I', tables[i])::regclass, lows[i],
                                                 lows[i] + interval '1 month', parts[i]);
    END LOOP;
    RETURN cardinality(parts);
END
$$;
COMMENT ON FUNCTION tidemark.ensure_metric_partitions(timestamptz, timestamptz, interval) IS
    'tidemark: makes the missing months of metrics and archive';

-- This month and the next two, for what will come. Nothing depends on it, so whoever is in the way stays there: a month that
-- cannot be had at once is left to the next call. Returns how many partitions it made.
CREATE OR REPLACE FUNCTION tidemark.make_months_ahead() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN tidemark.ensure_metric_partitions(now(), now() + interval '2 months', '0');
EXCEPTION WHEN lock_not_available THEN
    RETURN 0;
END
$$;
COMMENT ON FUNCTION tidemark.make_months_ahead() IS 'tidemark: makes this month''s and the next two months'' partitions, if nobody is in the way';
