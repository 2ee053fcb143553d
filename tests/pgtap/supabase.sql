-- On a database that has Supabase's auth schema, roles and default privileges: theirs stays theirs, ours is as closed as ever.
BEGIN;
SELECT plan(9);
SELECT is(obj_description('auth.uid()'::regprocedure), 'theirs', 'auth.uid() is the one that was there');
SELECT is((SELECT nspowner::regrole::text FROM pg_namespace WHERE nspname = 'auth'), 'supabase_auth_admin', 'and so is its schema');
SELECT is((SELECT rolbypassrls FROM pg_roles WHERE rolname = 'authenticated'), false, 'authenticated is bound by the policies');
CREATE TABLE public.given_away (id int);
SELECT ok(has_table_privilege('anon', 'public.given_away', 'TRUNCATE'), 'the default privileges would give anon everything');
SELECT is_empty($$ SELECT oid::regclass FROM pg_class WHERE (obj_description(oid, 'pg_class') LIKE 'tidemark: %'
                     OR relnamespace IN ('tidemark'::regnamespace, 'tidemark_parts'::regnamespace)) AND relkind IN ('r', 'p', 'v')
                     AND has_table_privilege('anon', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER') $$,
                'and have given anon nothing of ours');
SELECT is_empty($$ SELECT oid::regprocedure FROM pg_proc WHERE (obj_description(oid, 'pg_proc') LIKE 'tidemark: %'
                     OR pronamespace = 'tidemark'::regnamespace) AND has_function_privilege('anon', oid, 'EXECUTE') $$,
                'nor a function to run');
SELECT ok(to_regclass('tidemark.posts') IS NOT NULL AND (SELECT count(*) FROM pg_attribute WHERE attrelid = 'public.posts'::regclass AND attnum > 0) = 1,
          'the project''s own posts and ours are two tables');
SELECT tidemark.act_as(t.ann());
SELECT is(auth.uid(), t.ann(), 'act_as speaks to their auth.uid()');
SET LOCAL "request.jwt.claim.sub" = '';
SELECT is(auth.uid(), t.ann(), 'in both its ways');
SELECT * FROM finish();
ROLLBACK;
