-- One policy a table: an owner sees and writes his own rows. The sub-select makes auth.uid() run once a statement instead
-- of once a row. Roles that nobody gave anything (anon) meet the missing grant before any policy.
DO $$
DECLARE
    guarded record;
BEGIN
    FOR guarded IN
        SELECT * FROM (VALUES
            ('public', 'content', 'content_policy'),
            ('public', 'content_performance_metrics', 'content_performance_policy'),
            ('public', 'archived_performance_metrics', 'archived_performance_policy'),
            ('public', 'ai_learning_patterns', 'ai_patterns_policy'),
            ('public', 'content_style_analysis', 'style_analysis_policy'),
            ('public', 'trend_analysis', 'trend_analysis_policy'),
            ('public', 'ai_improvement_tracking', 'improvement_tracking_policy'),
            ('tidemark', 'accounts', 'accounts_policy'),
            ('tidemark', 'posts', 'posts_policy'),
            ('tidemark', 'ai_changes', 'ai_changes_policy'),
            ('tidemark', 'archive_batches', 'archive_batches_policy'),
            ('tidemark', 'deliveries', 'deliveries_policy'),
            ('tidemark', 'quarantine', 'quarantine_policy'),
            ('tidemark', 'quarantine_documents', 'quarantine_documents_policy'),
            ('tidemark', 'account_snapshots', 'account_snapshots_policy'),
            ('tidemark', 'content_at_age', 'content_at_age_policy'),
            ('tidemark', 'at_age_marks', 'at_age_marks_policy'),
            ('tidemark', 'rule_runs', 'rule_runs_policy'),
            ('tidemark', 'rule_results', 'rule_results_policy'),
            ('tidemark', 'plugin_state', 'plugin_state_policy'),
            ('tidemark', 'plugin_uses', 'plugin_uses_policy'),
            ('tidemark', 'post_aliases', 'post_aliases_policy'),
            ('tidemark', 'content_merges', 'content_merges_policy'),
            ('tidemark', 'identity_marks', 'identity_marks_policy')) AS t (schema, name, policy)
    LOOP
        EXECUTE format('DROP POLICY IF EXISTS %I ON %I.%I', guarded.policy, guarded.schema, guarded.name);
        EXECUTE format('CREATE POLICY %I ON %I.%I USING (user_id = (SELECT auth.uid()))
                        WITH CHECK (user_id = (SELECT auth.uid()))', guarded.policy, guarded.schema, guarded.name);
        EXECUTE format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY',
                       guarded.schema, guarded.name);
    END LOOP;
END
$$;
