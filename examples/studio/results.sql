-- What the newest run of each rule said of each subject, for check.lua: owner, rule, platform, subject type, subject, effect in
-- percent, decision, a row each, separated by tabs.
--
-- tidemark db psql -X -v studio=UUID -v solo=UUID -f results.sql
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
\pset fieldsep '\t'
WITH newest AS (
    SELECT DISTINCT ON (user_id, rule) user_id, rule, id FROM tidemark.rule_runs
    WHERE user_id IN (:'studio'::uuid, :'solo'::uuid)
    ORDER BY user_id, rule, finished_at DESC NULLS LAST, id DESC
)
SELECT CASE r.user_id WHEN :'studio'::uuid THEN 'studio' ELSE 'solo' END, r.rule, coalesce(r.platform, '*'), r.subject_type,
       r.subject, coalesce(round(r.effect::numeric, 1)::text, '-'), r.decision
FROM newest n
JOIN tidemark.rule_results r ON r.user_id = n.user_id AND r.run_id = n.id
ORDER BY 1, 2, 3, 4, 5;
