-- What learning stands on: what a count means and since when, posts at fixed ages, and every rule's runs with every subject
-- they tested.

-- deploy
-- Not an owner's: the same for everybody, written by the migrating role alone. A definition may hold for one kind of media
-- only (YouTube's Shorts were redefined before the rest): media_kind says which, '' is all. In force for a post is the newest
-- valid_from among '' and its own kind.
CREATE TABLE tidemark.metric_definitions (
    platform   varchar(50) NOT NULL,
    metric     text        NOT NULL,
    media_kind text        NOT NULL DEFAULT '',
    unit       text        NOT NULL,
    kind       text        NOT NULL
        CONSTRAINT metric_definitions_kind_check CHECK (kind IN ('cumulative', 'period', 'gauge', 'ratio')),
    valid_from timestamptz NOT NULL DEFAULT '-infinity',
    valid_to   timestamptz,
    note       text,
    PRIMARY KEY (platform, metric, media_kind, valid_from),
    CONSTRAINT metric_definitions_validity_check CHECK (valid_to > valid_from)
);
COMMENT ON TABLE tidemark.metric_definitions IS 'tidemark: what a platform''s count means, and from when to when (reference)';
COMMENT ON COLUMN tidemark.metric_definitions.valid_from IS '-infinity: as long as anybody knows';
COMMENT ON COLUMN tidemark.metric_definitions.valid_to IS 'NULL: still';
COMMENT ON COLUMN tidemark.metric_definitions.media_kind IS 'the one kind of posts it holds for (short); empty: all';

-- No key to posts: rules read this long after posts and metrics are gone, and a post deleted by its platform still counts.
CREATE TABLE tidemark.content_at_age (
    platform    varchar(50) NOT NULL,
    external_id text        NOT NULL,
    age_h       smallint    NOT NULL CONSTRAINT content_at_age_age_check CHECK (age_h IN (1, 24, 168, 672)),
    views       bigint,
    likes       bigint,
    shares      bigint,
    comments    bigint,
    saves       bigint,
    basis       text        NOT NULL
        CONSTRAINT content_at_age_basis_check CHECK (basis IN ('observed', 'interpolated', 'missing')),
    reason      text,
    observed_at timestamptz,
    segment     text        NOT NULL DEFAULT '',
    straddles   boolean     NOT NULL DEFAULT false,
    user_id     uuid        NOT NULL DEFAULT auth.uid(),
    PRIMARY KEY (user_id, platform, external_id, age_h),
    CONSTRAINT content_at_age_reading_check CHECK ((basis = 'missing') = (observed_at IS NULL)),
    CONSTRAINT content_at_age_missing_check
        CHECK (basis <> 'missing' OR reason IS NOT NULL AND num_nonnulls(views, likes, shares, comments, saves) = 0)
);
COMMENT ON TABLE tidemark.content_at_age IS 'tidemark: what a post had at fixed ages; never archived';
COMMENT ON COLUMN tidemark.content_at_age.reason IS 'why there is no reading, or why a count in it is unknown';
COMMENT ON COLUMN tidemark.content_at_age.observed_at IS 'the snapshot''s time; between two, the later one''s';
COMMENT ON COLUMN tidemark.content_at_age.segment IS 'the dated definition of views it was read under, as in views@2026-08-24';
COMMENT ON COLUMN tidemark.content_at_age.straddles IS 'views were redefined between publication and reading';

CREATE TABLE tidemark.at_age_marks (
    refreshed_at    timestamptz,
    watermark       timestamptz,
    peaks_at        timestamptz,
    peaks_watermark timestamptz,
    user_id         uuid NOT NULL DEFAULT auth.uid(),
    PRIMARY KEY (user_id)
);
COMMENT ON TABLE tidemark.at_age_marks IS 'tidemark: how far content_at_age and the peak times have come, per owner';
COMMENT ON COLUMN tidemark.at_age_marks.watermark IS 'the newest observation that was taken into account';

CREATE TABLE tidemark.rule_runs (
    id             uuid        NOT NULL DEFAULT gen_random_uuid(),
    rule           text        NOT NULL,
    plugin_version text        NOT NULL,
    input_hash     text        NOT NULL,
    as_of          timestamptz NOT NULL,
    watermark      timestamptz,
    since          timestamptz,
    started_at     timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
    finished_at    timestamptz,
    tests          integer     NOT NULL DEFAULT 0,
    written        integer     NOT NULL DEFAULT 0,
    warnings       jsonb       NOT NULL DEFAULT '[]',
    user_id        uuid        NOT NULL DEFAULT auth.uid(),
    PRIMARY KEY (user_id, id),
    CONSTRAINT rule_runs_sign_check CHECK (tests >= 0 AND written >= 0),
    CONSTRAINT rule_runs_warnings_check CHECK (jsonb_typeof(warnings) = 'array')
);
-- "The newest run of this rule" is asked for by every learn, explain and report.
CREATE INDEX rule_runs_rule_idx ON tidemark.rule_runs (user_id, rule, started_at);
COMMENT ON TABLE tidemark.rule_runs IS 'tidemark: one run of a rule';
COMMENT ON COLUMN tidemark.rule_runs.input_hash IS 'of the data and the code: equal ones add no run';
COMMENT ON COLUMN tidemark.rule_runs.watermark IS 'the newest observation the run could see';

CREATE TABLE tidemark.rule_results (
    run_id       uuid    NOT NULL,
    finding_key  text    NOT NULL,
    rule         text    NOT NULL,
    platform     varchar(50),
    subject_type text    NOT NULL,
    subject      text    NOT NULL,
    label        text,
    n            integer NOT NULL CONSTRAINT rule_results_n_check CHECK (n >= 0),
    needed       integer CONSTRAINT rule_results_needed_check CHECK (needed >= 0),
    effect       double precision CONSTRAINT rule_results_effect_check CHECK (effect <> 'NaN'),
    lo           double precision CONSTRAINT rule_results_lo_check CHECK (lo <> 'NaN'),
    hi           double precision CONSTRAINT rule_results_hi_check CHECK (hi <> 'NaN'),
    p            double precision CONSTRAINT rule_results_p_check CHECK (p BETWEEN 0 AND 1),
    q            double precision CONSTRAINT rule_results_q_check CHECK (q BETWEEN 0 AND 1),
    decision     text    NOT NULL CONSTRAINT rule_results_decision_check
        CHECK (decision IN ('written', 'no_difference', 'not_shown', 'insufficient')),
    why          text,
    evidence     jsonb,
    user_id      uuid    NOT NULL DEFAULT auth.uid(),
    PRIMARY KEY (user_id, run_id, finding_key),
    CONSTRAINT rule_results_run_fkey FOREIGN KEY (user_id, run_id)
        REFERENCES tidemark.rule_runs (user_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE tidemark.rule_results IS 'tidemark: every subject a run tested, found or not';
COMMENT ON COLUMN tidemark.rule_results.platform IS 'NULL: the subject is one of all platforms';
COMMENT ON COLUMN tidemark.rule_results.effect IS 'percent where the evidence''s unit is a log ratio; lo and hi likewise';
COMMENT ON COLUMN tidemark.rule_results.needed IS 'what n had to be';

ALTER TABLE public.content_style_analysis ADD COLUMN evidence jsonb;
COMMENT ON COLUMN public.content_style_analysis.evidence IS 'what the correlation rests on';

ALTER TABLE tidemark.content_at_age ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE tidemark.at_age_marks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE tidemark.rule_runs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE tidemark.rule_results ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- verify
SELECT relrowsecurity AND relforcerowsecurity FROM pg_class
 WHERE oid IN ('tidemark.content_at_age'::regclass, 'tidemark.at_age_marks'::regclass, 'tidemark.rule_runs'::regclass,
               'tidemark.rule_results'::regclass);
SELECT confdeltype = 'c' FROM pg_constraint
 WHERE conrelid = 'tidemark.rule_results'::regclass AND conname = 'rule_results_run_fkey';
SELECT attname = 'evidence' FROM pg_attribute
 WHERE attrelid = 'public.content_style_analysis'::regclass AND attnum > 0 AND NOT attisdropped
 ORDER BY attnum DESC LIMIT 1;
SELECT platform, metric, media_kind, unit, kind, valid_from, valid_to, note FROM tidemark.metric_definitions WHERE false;

-- revert
DROP VIEW IF EXISTS tidemark.scores_now;
DROP FUNCTION IF EXISTS tidemark.post_scores(uuid, integer, text, timestamptz, timestamptz);
DROP FUNCTION IF EXISTS tidemark.refresh_at_age(uuid, timestamptz);
DROP FUNCTION IF EXISTS tidemark.refresh_peak_times(uuid, timestamptz);
DROP FUNCTION IF EXISTS tidemark.daily_gains(uuid, timestamptz, timestamptz);
DROP FUNCTION IF EXISTS tidemark.guarded_reads(uuid, text[], text[], timestamptz[], timestamptz[], boolean);
DROP FUNCTION IF EXISTS tidemark.corrected_reads(bigint[], bigint[], bigint[], bigint[], bigint[], bigint[]);
DROP FUNCTION IF EXISTS tidemark.media_kind(jsonb, text);
DROP VIEW IF EXISTS tidemark.observations;
ALTER TABLE public.content_style_analysis DROP COLUMN evidence;
DROP TABLE tidemark.rule_results;
DROP TABLE tidemark.rule_runs;
DROP TABLE tidemark.at_age_marks;
DROP TABLE tidemark.content_at_age;
DROP TABLE tidemark.metric_definitions;
