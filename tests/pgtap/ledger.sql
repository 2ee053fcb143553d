-- The ledger of deliveries: every row that came is accounted for, and equal bytes are recognised.
BEGIN;
SELECT plan(13);
PREPARE deliver(text, timestamptz, boolean, int, int, int) AS
INSERT INTO tidemark.deliveries (sha256, observed_at, observed_known, source, source_class, bytes, received, inserted, dropped_total, user_id)
VALUES (sha256($1::bytea), $2, $3, 'a.json', 'api', 10, $4, $5, $6, t.ann());
SELECT lives_ok($$EXECUTE deliver('a', '2026-01-01', true, 3, 2, 1)$$, 'received = inserted + dropped');
SELECT throws_ok($$EXECUTE deliver('b', '2026-01-01', true, 3, 2, 0)$$, '23514', NULL, 'a row that went nowhere is refused');
SELECT throws_ok($$EXECUTE deliver('b', '2026-01-01', true, 1, 2, -1)$$, '23514', NULL, 'and so is one that makes up for it');
SELECT lives_ok($$EXECUTE deliver('a', '2026-01-02', true, 0, 0, 0)$$, 'equal bytes at another known time are a new observation');
SELECT throws_ok($$EXECUTE deliver('a', '2026-01-02', true, 0, 0, 0)$$, '23505', NULL, 'at the same time they are a replay');
SELECT lives_ok($$EXECUTE deliver('a', '2026-01-03', false, 0, 0, 0)$$, 'they may come once at an unknown time');
SELECT throws_ok($$EXECUTE deliver('a', '2026-01-04', false, 0, 0, 0)$$, '23505', NULL, 'a second time, unknown again, is a replay');
SELECT throws_ok($$INSERT INTO tidemark.deliveries (sha256, observed_at, observed_known, source, source_class, bytes, user_id)
                   VALUES ('short', now(), true, '-', 'api', 1, t.ann())$$, '23514', NULL, 'a hash has 32 bytes');

PREPARE put_aside(text, text) AS
INSERT INTO tidemark.quarantine (kind, sha256, observed_at, source, code, reason, body, user_id)
VALUES ($2, sha256($1::bytea), '2026-01-01', 'a.json', 'missing_id', 'items[3]: no id', '\x00ff', t.ann());
SELECT throws_ok($$EXECUTE put_aside('a', 'payload')$$, '23514', NULL, 'what is put aside is a delivery or a row');
SELECT lives_ok($$EXECUTE put_aside('a', 'row')$$, 'a row of a known delivery can be put aside, with bytes no text would hold');
SELECT lives_ok($$EXECUTE put_aside('later', 'row')$$, 'the ledger row may come after, in the same transaction');
SELECT throws_ok('SET CONSTRAINTS ALL IMMEDIATE', '23503', NULL, 'but it must come');
SELECT lives_ok($$EXECUTE deliver('later', '2026-01-01', true, 0, 0, 0)$$, 'it comes');
SELECT * FROM finish();
ROLLBACK;
