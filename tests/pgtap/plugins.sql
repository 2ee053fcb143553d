-- What plugins keep: one key of one plugin once an owner, and what their runs used adds up.
BEGIN;
SELECT plan(7);
SELECT is(t.probe('authenticated', t.ann(), $$WITH a AS (INSERT INTO tidemark.plugin_state (plugin, key, value) VALUES ('p', 'k', '{"n": 1}')
    RETURNING user_id) SELECT count(*) FROM a WHERE user_id = 'aaaaaaaa-0000-7000-8000-000000000001'$$), '1', 'state is the asking owner''s');
INSERT INTO tidemark.plugin_state (plugin, key, value, user_id) VALUES ('p', 'k', '1', t.ann()), ('p', 'k', '2', t.bob());
SELECT alike(t.probe('authenticated', t.ann(), $$INSERT INTO tidemark.plugin_state (plugin, key, value) VALUES ('p', 'k', '3')$$),
    '23505 %plugin_state_pkey%', 'a key is there once');
SELECT is(t.probe('authenticated', t.bob(), $$SELECT string_agg(value::text, ',') FROM tidemark.plugin_state WHERE plugin = 'p'$$), '2',
    'two owners'' states of a plugin do not meet');
SELECT throws_ok($$INSERT INTO tidemark.plugin_state (plugin, key, value, user_id) VALUES ('p', 'n', NULL, t.ann())$$, '23502', NULL,
    'a value that is nothing is a key that is not there');
INSERT INTO tidemark.plugin_uses (plugin, part, version, runs, failures, user_id) VALUES ('p', 'p.r', 'v', 2, 1, t.ann());
SELECT throws_ok($$UPDATE tidemark.plugin_uses SET failures = 3$$, '23514', NULL, 'not more failures than runs');
SELECT throws_ok($$UPDATE tidemark.plugin_uses SET last_error = 'x'$$, '23514', NULL, 'an error has a time');
SELECT is(t.probe('anon', t.ann(), 'SELECT count(*) FROM tidemark.plugin_uses'), '42501 permission denied for schema tidemark', 'anon sees none of it');
SELECT * FROM finish();
ROLLBACK;
