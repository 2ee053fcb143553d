-- Who may do what. Everything is taken back first: a database may hand out rights on new objects by default (to anon, too),
-- and TRUNCATE would go past every policy.
REVOKE ALL ON
    public.content, public.content_performance_metrics, public.archived_performance_metrics, public.ai_learning_patterns,
    public.content_style_analysis, public.trend_analysis, public.ai_improvement_tracking,
    public.ai_performance_dashboard, public.style_performance_view, public.trend_analysis_view
    FROM PUBLIC, anon, authenticated, service_role;
REVOKE ALL ON ALL TABLES IN SCHEMA tidemark, tidemark_parts FROM PUBLIC, anon, authenticated, service_role;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA tidemark FROM PUBLIC, anon, authenticated, service_role;
REVOKE ALL ON FUNCTION public.archive_old_performance_data() FROM PUBLIC, anon, authenticated, service_role;

GRANT SELECT, INSERT, UPDATE, DELETE ON
    public.content, public.content_performance_metrics, public.archived_performance_metrics, public.ai_learning_patterns,
    public.content_style_analysis, public.trend_analysis, public.ai_improvement_tracking,
    tidemark.accounts, tidemark.posts, tidemark.ai_changes, tidemark.archive_batches, tidemark.deliveries, tidemark.quarantine,
    tidemark.quarantine_documents, tidemark.account_snapshots,
    tidemark.content_at_age, tidemark.at_age_marks, tidemark.rule_runs, tidemark.rule_results,
    tidemark.plugin_state, tidemark.plugin_uses,
    tidemark.post_aliases, tidemark.content_merges, tidemark.identity_marks
    TO authenticated, service_role;
GRANT SELECT ON public.ai_performance_dashboard, public.style_performance_view, public.trend_analysis_view,
    tidemark.observations, tidemark.scores_now, tidemark.metric_definitions, tidemark.definition_changes,
    tidemark.latest_periods, tidemark.increments, tidemark.latest_counts
    TO authenticated, service_role;

-- An owner may put his own rows away; identity and partitions are the host's.
GRANT EXECUTE ON FUNCTION public.archive_old_performance_data(), tidemark.archive_performance_data(timestamptz, bigint)
    TO authenticated, service_role;
GRANT EXECUTE ON FUNCTION tidemark.act_as(uuid), tidemark.ensure_metric_partitions(timestamptz, timestamptz)
    TO service_role;

-- Which id is whose, and which posts are one work, is decided by the host.
GRANT EXECUTE ON FUNCTION
    tidemark.identity_begin(uuid, boolean), tidemark.identity_changed(uuid),
    tidemark.move_content(uuid, uuid, uuid, text, text), tidemark.merge_contents(uuid, uuid, uuid, text),
    tidemark.merge_observations(uuid, regclass, text, text, text, uuid), tidemark.merge_posts(uuid, text, text, text),
    tidemark.same_posts(uuid, text[], text[], text[]), tidemark.split_post(uuid, text, text),
    tidemark.find_works(uuid, text[]), tidemark.plain_url(text)
    TO service_role;

-- What learning reads and keeps up. Scores, too, are an owner's to ask for: they see through his policies.
GRANT EXECUTE ON FUNCTION
    tidemark.refresh_at_age(uuid, timestamptz), tidemark.refresh_peak_times(uuid, timestamptz),
    tidemark.daily_gains(uuid, timestamptz, timestamptz),
    tidemark.guarded_reads(uuid, text[], text[], timestamptz[], timestamptz[], boolean),
    tidemark.corrected_reads(bigint[], bigint[], bigint[], bigint[], bigint[], bigint[])
    TO service_role;
GRANT EXECUTE ON FUNCTION tidemark.post_scores(uuid, integer, text, timestamptz, timestamptz), tidemark.media_kind(jsonb, text)
    TO authenticated, service_role;
