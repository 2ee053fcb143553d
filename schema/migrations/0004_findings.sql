-- What the rules write: patterns, styles, trends, improvements. finding_key = rule, platform and subject: the same finding,
-- learnt again, is the same row. Numbers are wide enough for a change of more than 1000 %, and never NaN: one NaN would
-- make every average NaN.

-- deploy
CREATE TABLE public.ai_learning_patterns (
    id                 uuid          NOT NULL DEFAULT gen_random_uuid(),
    pattern_type       varchar(50)   NOT NULL,
    pattern_data       jsonb         NOT NULL,
    success_rate       numeric(9,4)  CONSTRAINT ai_learning_patterns_success_check CHECK (success_rate <> 'NaN'),
    average_engagement numeric(14,4) CONSTRAINT ai_learning_patterns_engagement_check CHECK (average_engagement <> 'NaN'),
    context            jsonb,
    first_observed     timestamptz,
    last_observed      timestamptz,
    created_at         timestamptz   NOT NULL DEFAULT CURRENT_TIMESTAMP,
    content_id         uuid,
    finding_key        text          NOT NULL DEFAULT gen_random_uuid()::text,
    user_id            uuid          NOT NULL DEFAULT auth.uid(),
    PRIMARY KEY (user_id, id),
    CONSTRAINT ai_learning_patterns_finding_key UNIQUE (user_id, finding_key),
    CONSTRAINT ai_learning_patterns_content_fkey
        FOREIGN KEY (user_id, content_id) REFERENCES public.content (user_id, id)
);
CREATE INDEX idx_ai_patterns_type ON public.ai_learning_patterns (user_id, pattern_type);
CREATE INDEX idx_ai_patterns_success ON public.ai_learning_patterns (user_id, success_rate);
CREATE INDEX idx_ai_patterns_content ON public.ai_learning_patterns (user_id, content_id);
COMMENT ON TABLE public.ai_learning_patterns IS 'tidemark: what works and what does not, per platform';
COMMENT ON COLUMN public.ai_learning_patterns.success_rate IS 'percent of posts that beat their account''s usual, shrunk';
COMMENT ON COLUMN public.ai_learning_patterns.average_engagement IS 'mean engagement rate at 7 days, percent';
COMMENT ON COLUMN public.ai_learning_patterns.content_id IS 'the best post that carries the pattern';

CREATE TABLE public.content_style_analysis (
    id                     uuid         NOT NULL DEFAULT gen_random_uuid(),
    content_id             uuid,
    visual_style           jsonb,
    audio_style            jsonb,
    text_style             jsonb,
    engagement_correlation numeric(9,6)
        CONSTRAINT content_style_analysis_correlation_check CHECK (engagement_correlation <> 'NaN'),
    style_tags             text[],
    created_at             timestamptz  NOT NULL DEFAULT CURRENT_TIMESTAMP,
    finding_key            text         NOT NULL DEFAULT gen_random_uuid()::text,
    user_id                uuid         NOT NULL DEFAULT auth.uid(),
    PRIMARY KEY (user_id, id),
    CONSTRAINT content_style_analysis_finding_key UNIQUE (user_id, finding_key),
    CONSTRAINT content_style_analysis_content_fkey
        FOREIGN KEY (user_id, content_id) REFERENCES public.content (user_id, id)
);
CREATE INDEX idx_style_content ON public.content_style_analysis (user_id, content_id);
CREATE INDEX idx_style_tags ON public.content_style_analysis USING gin (style_tags);
COMMENT ON TABLE public.content_style_analysis IS 'tidemark: how a style goes with engagement';
COMMENT ON COLUMN public.content_style_analysis.engagement_correlation IS 'Spearman, within account';

CREATE TABLE public.trend_analysis (
    id                uuid          NOT NULL DEFAULT gen_random_uuid(),
    platform          varchar(50)   NOT NULL,
    trend_type        varchar(50)   NOT NULL,
    trend_data        jsonb         NOT NULL,
    engagement_impact numeric(14,4) CONSTRAINT trend_analysis_impact_check CHECK (engagement_impact <> 'NaN'),
    start_time        timestamptz,
    end_time          timestamptz,
    created_at        timestamptz   NOT NULL DEFAULT CURRENT_TIMESTAMP,
    finding_key       text          NOT NULL DEFAULT gen_random_uuid()::text,
    user_id           uuid          NOT NULL DEFAULT auth.uid(),
    PRIMARY KEY (user_id, id),
    CONSTRAINT trend_analysis_finding_key UNIQUE (user_id, finding_key)
);
CREATE INDEX idx_trend_platform ON public.trend_analysis (user_id, platform);
CREATE INDEX idx_trend_type ON public.trend_analysis (user_id, trend_type);
CREATE INDEX idx_trend_time ON public.trend_analysis (user_id, start_time, end_time);
COMMENT ON TABLE public.trend_analysis IS 'tidemark: what rises and falls on a platform';
COMMENT ON COLUMN public.trend_analysis.engagement_impact IS 'total change over the window, percent';

CREATE TABLE public.ai_improvement_tracking (
    id                     uuid          NOT NULL DEFAULT gen_random_uuid(),
    improvement_type       varchar(50)   NOT NULL,
    before_metrics         jsonb,
    after_metrics          jsonb,
    improvement_percentage numeric(14,4)
        CONSTRAINT ai_improvement_tracking_percentage_check CHECK (improvement_percentage <> 'NaN'),
    context                jsonb,
    recorded_at            timestamptz   NOT NULL DEFAULT CURRENT_TIMESTAMP,
    finding_key            text          NOT NULL DEFAULT gen_random_uuid()::text,
    user_id                uuid          NOT NULL DEFAULT auth.uid(),
    PRIMARY KEY (user_id, id),
    CONSTRAINT ai_improvement_tracking_finding_key UNIQUE (user_id, finding_key)
);
CREATE INDEX idx_improvement_type ON public.ai_improvement_tracking (user_id, improvement_type);
CREATE INDEX idx_improvement_time ON public.ai_improvement_tracking (user_id, recorded_at);
COMMENT ON TABLE public.ai_improvement_tracking IS 'tidemark: did a change of the AI help';
COMMENT ON COLUMN public.ai_improvement_tracking.improvement_percentage IS
    'shrunk lift in percent; NULL: not enough data to say';

ALTER TABLE public.ai_learning_patterns ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE public.content_style_analysis ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE public.trend_analysis ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE public.ai_improvement_tracking ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- verify
-- Query 5 names these columns without a table: each may be in one of its two tables only.
SELECT count(*) = 0 FROM information_schema.columns
 WHERE table_schema = 'public'
   AND (table_name, column_name) IN (('ai_learning_patterns', 'platform'), ('content_performance_metrics', 'pattern_type'),
                                     ('content_performance_metrics', 'success_rate'));
SELECT count(*) = 4 AND bool_and(c.relrowsecurity AND c.relforcerowsecurity)
  FROM pg_class c
 WHERE c.oid IN ('public.ai_learning_patterns'::regclass, 'public.content_style_analysis'::regclass,
                 'public.trend_analysis'::regclass, 'public.ai_improvement_tracking'::regclass);
SELECT count(*) = 4 FROM pg_constraint WHERE contype = 'u' AND conname LIKE '%\_finding\_key';

-- revert
DROP VIEW IF EXISTS public.ai_performance_dashboard;
DROP VIEW IF EXISTS public.style_performance_view;
DROP VIEW IF EXISTS public.trend_analysis_view;
DROP TABLE public.ai_improvement_tracking;
DROP TABLE public.trend_analysis;
DROP TABLE public.content_style_analysis;
DROP TABLE public.ai_learning_patterns;
