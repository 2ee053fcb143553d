-- about: What works, what was not shown to work, and where there is too little data; the newest run of each rule.
-- title: Findings, {window_days} d to {until}: engagement rate at 7 d, other things equal
-- arg: platform text = all: one platform only, such as tiktok; what holds for all of them stays
-- arg: limit integer = 25: how many of those that were not shown to work
-- column: pattern "pattern" cut
-- column: platform "platform" drop=3
-- column: lift "lift" unit=% decimals=0 sign
-- column: lo "95" unit=% decimals=0
-- column: n "n"
-- column: q "q" pvalue drop=4
-- column: id "id" drop=2
-- column: state "state" drop=1
-- column: decision hide
-- column: rule hide
-- column: subject_type hide
-- column: controlled hide
-- column: finding_key hide
-- column: why hide
-- column: explain hide
-- column: own_statistics hide
-- column: own_note hide
-- column: until hide
-- column: window_days hide
-- column: written hide
-- column: tests hide
-- column: left_out hide
-- column: data_until hide
-- column: stops hide
-- chart: interval lift lo hi
-- section: section
-- instead: instead
-- glyph: glyph
-- note: {written} of {tests} tested patterns; 95 % intervals, q corrected within each rule (BH).{own_note}{left_out}
-- note: Data to {data_until} {zone}.{stops}
-- empty: Nothing has been learnt yet (platform: {platform}). Type: tidemark learn
-- next: tidemark explain {explain}

-- What a plugin says by statistics of its own stands apart and last, under the plugin's name: own_statistics.
-- A row is a subject that a rule tested, in the words of rule_results; what was written carries the end of its finding's id.
WITH runs AS (
       SELECT DISTINCT ON (rule) *
         FROM tidemark.rule_runs
        WHERE finished_at IS NOT NULL
        ORDER BY rule, started_at DESC, id DESC
), ids AS (
       SELECT user_id, finding_key, id FROM ai_learning_patterns
       UNION ALL
       SELECT user_id, finding_key, id FROM content_style_analysis
       UNION ALL
       SELECT user_id, finding_key, id FROM trend_analysis
       UNION ALL
       SELECT user_id, finding_key, id FROM ai_improvement_tracking
), tested AS (
       SELECT r.*,
              ids.id,
              r.evidence #>> '{effect,unit}' AS unit,
              r.evidence ->> 'kind' AS kind,
              r.evidence #>> '{lifecycle,state}' AS state,
              r.evidence #>> '{own,plugin}' AS own,
              coalesce(r.label, r.subject) AS name,
              CASE WHEN r.needed::text = r.evidence #>> '{params,works_needed}' THEN 'works'
                   ELSE r.evidence #>> '{n,unit}' END AS counted,
              r.decision = 'written' AS found
         FROM runs
         JOIN tidemark.rule_results r ON r.user_id = runs.user_id AND r.run_id = runs.id
         LEFT JOIN ids ON ids.user_id = r.user_id AND ids.finding_key = r.finding_key
        WHERE :platform IN ('all', r.platform) OR r.platform IS NULL
), named AS (
       SELECT t.*,
              CASE WHEN subject_type IN ('tag', 'hashtag') THEN '#' || ltrim(name, '#')
                   WHEN subject_type = 'time_block' AND name ~ '^\d\d-\d\d$'
                   THEN 'Posted ' || left(name, 2)::int || ' to ' || right(name, 2)::int || ' h'
                   WHEN subject_type = 'fact' AND rule LIKE 'styles.%'
                   THEN replace(name, '_', ' ') || ' (' || split_part(rule, '.', 2) || ')'
                   ELSE name END
              || CASE WHEN kind = 'trend' OR rule LIKE 'trends.%' THEN ', views gained' ELSE '' END AS pattern,
              CASE WHEN own IS NOT NULL THEN 5
                   WHEN unit = 'probability' OR kind = 'rate' OR rule LIKE 'patterns.%' THEN 2
                   WHEN found AND rule LIKE 'trends.%' THEN 3
                   WHEN found AND subject_type IN ('change', 'account') THEN 4
                   ELSE 1 END + CASE WHEN found THEN 0 ELSE 10 END AS part
         FROM tested t
), ranked AS (
       SELECT n.*,
              row_number() OVER (PARTITION BY part ORDER BY (decision = 'insufficient'), q NULLS LAST, n::float8 / nullif(needed, 0)
                                 DESC NULLS LAST, finding_key) AS place
         FROM named n
), counted AS (
       SELECT k.*,
              CASE WHEN NOT found THEN row_number() OVER (PARTITION BY found ORDER BY place, part) END AS not_shown_place,
              count(*) FILTER (WHERE found AND own IS NULL) OVER () AS written,
              count(*) FILTER (WHERE own IS NULL) OVER () AS tests,
              count(*) FILTER (WHERE found AND own IS NOT NULL) OVER () AS own_written,
              count(*) FILTER (WHERE own IS NOT NULL) OVER () AS own_tests,
              count(*) FILTER (WHERE NOT found) OVER () AS not_shown
         FROM ranked k
), pace AS ( -- how many works come in 28 days: what an answer that is still missing waits for
       SELECT count(DISTINCT content_id) AS works
         FROM tidemark.posts, (SELECT max(as_of) AS as_of FROM runs) last
        WHERE published_at > last.as_of - interval '28 days' AND published_at <= last.as_of
), seen AS MATERIALIZED (
       SELECT m.platform, max(m.recorded_at) AS last_at
         FROM content_performance_metrics m
        WHERE m.user_id = (SELECT auth.uid()) AND m.recorded_at > (SELECT max(watermark) FROM runs) - interval '28 days'
        GROUP BY m.platform
), quiet AS (
       SELECT string_agg(a.platform || coalesce(' stops at ' || to_char(s.last_at, 'Dy FMDD Mon'), ' has nothing for 28 d'),
                         ', ' ORDER BY a.platform) AS text
         FROM (SELECT DISTINCT platform FROM tidemark.accounts) a
         LEFT JOIN seen s ON s.platform = a.platform
        WHERE s.last_at IS NULL OR s.last_at < (SELECT max(last_at) FROM seen) - interval '36 hours'
)
SELECT CASE WHEN decision = 'insufficient' THEN 'unknown' WHEN NOT found THEN 'flat' WHEN effect < 0 THEN 'down' ELSE 'up' END AS glyph,
       pattern,
       coalesce(platform, 'all') AS platform,
       CASE WHEN decision <> 'insufficient' THEN effect END AS lift,
       CASE WHEN decision <> 'insufficient' THEN lo END AS lo,
       CASE WHEN decision <> 'insufficient' THEN hi END AS hi,
       coalesce((evidence #>> '{params,works}')::int, n) AS n,
       q,
       CASE part WHEN 2 THEN 'beat their account''s usual more often, or less; percentage points'
                 WHEN 3 THEN 'trends: change from the first week to the last'
                 WHEN 4 THEN 'changes of the AI: engagement at 24 h, before and after'
                 WHEN 11 THEN 'not shown to work'
                 WHEN 5 THEN 'own statistics of plugin ' || own || ': not computed by tidemark'
                 WHEN 15 THEN 'not shown by own statistics of plugin ' || own || ': not computed by tidemark'
                 WHEN 12 THEN 'not shown to beat their account''s usual; percentage points' END AS section,
       CASE WHEN decision <> 'insufficient' AND own IS NOT NULL AND unit NOT LIKE 'log%'
            THEN CASE unit WHEN 'probability' THEN 'points' WHEN 'rho' THEN 'correlation' ELSE unit END || ' '
                 || CASE WHEN effect > 0 THEN '+' ELSE '' END || trim_scale(round(effect::numeric, 3)) || ', 95 % '
                 || trim_scale(round(lo::numeric, 3)) || ' to ' || trim_scale(round(hi::numeric, 3)) || ', n ' || n
            WHEN decision <> 'insufficient' THEN NULL
            WHEN n < needed THEN 'too little data: ' || n || ' of ' || needed || ' '
                                 || CASE counted WHEN 'adopters' THEN 'accounts' ELSE coalesce(counted, 'posts') END
                                 || CASE WHEN subject_type = 'change' AND counted = 'works' AND pace.works > 0
                                         THEN ', about ' || ceil((needed - n) * 28.0 / pace.works) || ' d to go' ELSE '' END
            ELSE coalesce(replace(why, 'insufficient data', 'too little data'), 'too little data: ' || n) END AS instead,
       CASE WHEN found THEN right(id::text, 6) END AS id,
       state,
       decision,
       rule,
       subject_type,
       (evidence #>> '{baseline,controlled}')::boolean AS controlled,
       finding_key,
       why,
       first_value(right(id::text, 6)) OVER (ORDER BY NOT found, part, effect DESC NULLS LAST, finding_key) AS explain,
       (SELECT max(as_of)::date FROM runs) AS until,
       (SELECT round(extract(epoch FROM max(as_of - since)) / 86400)::int FROM runs WHERE since IS NOT NULL) AS window_days,
       written,
       tests,
       CASE WHEN not_shown > :limit
            THEN ' ' || not_shown - :limit || ' not shown are left out: --var limit=' || not_shown ELSE '' END AS left_out,
       (SELECT max(watermark) FROM runs) AS data_until,
       coalesce(' ! ' || (SELECT text FROM quiet) || '.', '') AS stops,
       own AS own_statistics,
       CASE WHEN own_tests > 0 THEN ' Plugins'' own statistics: ' || own_written || ' of ' || own_tests || '.' ELSE '' END AS own_note
  FROM counted
 CROSS JOIN pace
 WHERE found OR not_shown_place <= :limit
 ORDER BY part, own, CASE WHEN found THEN effect END DESC NULLS LAST, place, finding_key
