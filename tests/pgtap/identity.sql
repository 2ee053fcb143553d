-- Who asks: missing claims are nobody, malformed ones are an error, and an identity ends with its transaction.
SELECT plan(13);
SELECT is(auth.uid(), NULL, 'nobody asks');
BEGIN;
SELECT tidemark.act_as(t.ann());
SELECT is(auth.uid(), t.ann(), 'act_as sets the owner');
SELECT tidemark.act_as(t.bob());
SELECT is(auth.uid(), t.bob(), 'and another one after him');
COMMIT;
SELECT is(auth.uid(), NULL, 'the identity ends with the transaction');
SET "request.jwt.claim.sub" = 'aaaaaaaa-0000-7000-8000-000000000001';
BEGIN;
SELECT tidemark.act_as(t.bob());
SELECT is(auth.uid(), t.bob(), 'a leftover claim of the session does not win');
COMMIT;
RESET "request.jwt.claim.sub";
SELECT throws_ok('SELECT tidemark.act_as(NULL)', '22004', NULL, 'acting as nobody is an error');
SET "request.jwt.claims" = '{"role": "authenticated"}';
SELECT is(auth.uid(), NULL, 'claims without a sub are nobody');
SET "request.jwt.claims" = '{"sub": "ann"}';
SELECT throws_ok('SELECT auth.uid()', '22P02', NULL, 'a sub that is no UUID is an error');
SET "request.jwt.claims" = '{"sub": ';
SELECT throws_ok('SELECT auth.uid()', '22P02', NULL, 'claims that are no JSON are an error');
SET "request.jwt.claims" = '["sub"]';
SELECT throws_ok('SELECT auth.uid()', '22P02', NULL, 'claims that are no object are an error');
RESET "request.jwt.claims";
SELECT is(t.probe('authenticated', NULL, format('SELECT tidemark.act_as(%L)', t.bob())), '42501 permission denied for function act_as',
          'an owner cannot become another');
SELECT is(t.probe('authenticated', t.ann(), $$INSERT INTO content (title) VALUES ('x')$$), '1', 'user_id comes from the identity');
SELECT alike(t.probe('authenticated', NULL, $$INSERT INTO content (title) VALUES ('x')$$), '42501 new row violates row-level security policy%',
             'without one there is no row');
SELECT * FROM finish();
