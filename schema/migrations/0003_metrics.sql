-- Snapshots of what posts got, by month, and where old ones go.
-- The seed's columns come first, in the seed's order; what was added stands behind them.

-- deploy
CREATE TABLE public.content_performance_metrics (
    id                    uuid        NOT NULL DEFAULT gen_random_uuid(),
    content_id            uuid,
    platform              varchar(50) NOT NULL,
    metrics               jsonb       NOT NULL DEFAULT '{}',
    views                 bigint,
    likes                 bigint,
    shares                bigint,
    comments              bigint,
    saves                 bigint,
    peak_engagement_time  timestamptz,
    average_watch_time    numeric(10,3),
    audience_demographics jsonb,
    platform_metrics      jsonb,
    recorded_at           timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    external_id           text        NOT NULL DEFAULT gen_random_uuid()::text,
    metric_window         text        NOT NULL DEFAULT 'lifetime',
    window_start          timestamptz NOT NULL DEFAULT '-infinity',
    window_end            timestamptz,
    user_id               uuid        NOT NULL DEFAULT auth.uid(),
    PRIMARY KEY (user_id, platform, external_id, metric_window, window_start, recorded_at),
    CONSTRAINT content_performance_metrics_content_fkey
        FOREIGN KEY (user_id, content_id) REFERENCES public.content (user_id, id),
    CONSTRAINT content_performance_metrics_window_check
        CHECK (metric_window IN ('lifetime', 'day', 'week', 'days_28', 'range')),
    CONSTRAINT content_performance_metrics_watch_time_check CHECK (average_watch_time <> 'NaN')
) PARTITION BY RANGE (recorded_at);
COMMENT ON TABLE public.content_performance_metrics IS 'tidemark: one observation of a post''s counts';
COMMENT ON COLUMN public.content_performance_metrics.average_watch_time IS 'seconds';
COMMENT ON COLUMN public.content_performance_metrics.views IS
    'no sign check on counts: platforms send -1, and take likes back';
COMMENT ON COLUMN public.content_performance_metrics.metric_window IS
    'what the counts cover; two windows never share a series';

-- Each index is paid for by every COPY, so they are few. A payload is of one platform and arrives at one time, so whole
-- ranges of blocks hold one platform and one stretch of time: BRIN finds them and costs next to nothing. id has none.
CREATE INDEX idx_content_performance_content ON public.content_performance_metrics (user_id, content_id);
CREATE INDEX idx_content_performance_platform ON public.content_performance_metrics
    USING brin (platform) WITH (pages_per_range = 32);
CREATE INDEX idx_content_performance_time ON public.content_performance_metrics
    USING brin (recorded_at) WITH (pages_per_range = 32);
CREATE INDEX idx_content_performance_owner ON public.content_performance_metrics (user_id, recorded_at)
    INCLUDE (views, likes, shares, comments, saves);

-- The archive has the metrics' columns and nothing else, so that SELECT * fits and whole months can be attached.
CREATE TABLE public.archived_performance_metrics (
    LIKE public.content_performance_metrics INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMMENTS,
    PRIMARY KEY (user_id, platform, external_id, metric_window, window_start, recorded_at),
    CONSTRAINT archived_performance_metrics_content_fkey
        FOREIGN KEY (user_id, content_id) REFERENCES public.content (user_id, id)
) PARTITION BY RANGE (recorded_at);
COMMENT ON TABLE public.archived_performance_metrics IS 'tidemark: observations put away; columns exactly the metrics''';
CREATE INDEX archived_performance_metrics_content_idx ON public.archived_performance_metrics (user_id, content_id);

CREATE TABLE tidemark.archive_batches (
    id          uuid        NOT NULL DEFAULT gen_random_uuid(),
    archived_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    before      timestamptz NOT NULL,
    rows        bigint      NOT NULL,
    first_at    timestamptz NOT NULL,
    last_at     timestamptz NOT NULL,
    checksum    numeric     NOT NULL,
    user_id     uuid        NOT NULL DEFAULT auth.uid(),
    PRIMARY KEY (user_id, id)
);
CREATE INDEX archive_batches_time_idx ON tidemark.archive_batches (user_id, archived_at);
COMMENT ON TABLE tidemark.archive_batches IS 'tidemark: what was put away in one go, per owner';
COMMENT ON COLUMN tidemark.archive_batches.checksum IS
    'the sum of the rows'' hashes: the same in any order, whatever partition they lie in';

CREATE TABLE tidemark_parts.content_performance_metrics_default
    PARTITION OF public.content_performance_metrics DEFAULT;
CREATE TABLE tidemark_parts.archived_performance_metrics_default
    PARTITION OF public.archived_performance_metrics DEFAULT;

ALTER TABLE public.content_performance_metrics ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE public.archived_performance_metrics ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE tidemark.archive_batches ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE tidemark_parts.content_performance_metrics_default ENABLE ROW LEVEL SECURITY;
ALTER TABLE tidemark_parts.archived_performance_metrics_default ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON tidemark_parts.content_performance_metrics_default, tidemark_parts.archived_performance_metrics_default
    FROM PUBLIC, anon, authenticated, service_role;

-- verify
SELECT array_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum)
     = (SELECT array_agg(b.attname || ' ' || format_type(b.atttypid, b.atttypmod) ORDER BY b.attnum)
          FROM pg_attribute b
         WHERE b.attrelid = 'public.archived_performance_metrics'::regclass AND b.attnum > 0 AND NOT b.attisdropped)
  FROM pg_attribute a
 WHERE a.attrelid = 'public.content_performance_metrics'::regclass AND a.attnum > 0 AND NOT a.attisdropped;
SELECT relrowsecurity AND relforcerowsecurity FROM pg_class
 WHERE oid IN ('public.content_performance_metrics'::regclass, 'public.archived_performance_metrics'::regclass,
               'tidemark.archive_batches'::regclass);
SELECT bool_and(c.relrowsecurity AND n.nspname = 'tidemark_parts') AND count(*) >= 2
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE i.inhparent IN ('public.content_performance_metrics'::regclass, 'public.archived_performance_metrics'::regclass);

-- revert
DROP FUNCTION IF EXISTS public.archive_old_performance_data();
DROP FUNCTION IF EXISTS tidemark.archive_performance_data(timestamptz, bigint);
DROP FUNCTION IF EXISTS tidemark.ensure_metric_partitions(timestamptz, timestamptz);
DROP FUNCTION IF EXISTS tidemark.make_metric_partition(regclass, timestamptz, timestamptz, text);
DROP TABLE tidemark.archive_batches;
DROP TABLE public.archived_performance_metrics;
DROP TABLE public.content_performance_metrics;
