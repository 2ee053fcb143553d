-- The lint of the schema: what every tenant table, view and function has in common. New objects are under it by themselves.
BEGIN;
SELECT plan(13);
SELECT is_empty($$
    SELECT k.conrelid::regclass, k.conname FROM pg_constraint k JOIN t.tenant_tables t ON t.oid = k.conrelid
     WHERE k.contype IN ('p', 'u', 'f')
       AND (SELECT attname FROM pg_attribute WHERE attrelid = k.conrelid AND attnum = k.conkey[1]) <> 'user_id' $$,
    'every primary, unique and foreign key starts with user_id');
SELECT is_empty($$
    SELECT k.conname FROM pg_constraint k JOIN t.tenant_tables t ON t.oid = k.conrelid
     WHERE k.contype = 'f'
       AND (SELECT attname FROM pg_attribute WHERE attrelid = k.confrelid AND attnum = k.confkey[1]) <> 'user_id' $$,
    'every foreign key points at user_id first');
SELECT is_empty($$
    SELECT i.indexrelid::regclass FROM pg_index i JOIN t.tenant_tables t ON t.oid = i.indrelid
     WHERE i.indisunique AND (SELECT attname FROM pg_attribute WHERE attrelid = i.indrelid AND attnum = i.indkey[0]) <> 'user_id' $$,
    'every unique index starts with user_id');
SELECT is_empty($$ SELECT t.full_name FROM t.tenant_tables t
     WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = t.oid AND k.contype = 'p') $$, 'every table has a primary key');
SELECT is_empty($$ SELECT t.full_name FROM t.tenant_tables t WHERE NOT EXISTS (
       SELECT FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = t.oid AND a.attname = 'user_id' AND a.atttypid = 'uuid'::regtype AND a.attnotnull
          AND pg_get_expr(d.adbin, d.adrelid) = 'auth.uid()') $$, 'user_id is a uuid, NOT NULL, the asking owner''s by default');
SELECT is_empty($$ SELECT t.full_name FROM t.tenant_tables t JOIN pg_class c ON c.oid = t.oid
     WHERE NOT (c.relrowsecurity AND c.relforcerowsecurity) $$, 'row security is on and forced everywhere');
SELECT is_empty($$ SELECT t.full_name FROM t.tenant_tables t LEFT JOIN pg_policy p ON p.polrelid = t.oid GROUP BY t.full_name
     HAVING count(p.oid) <> 1 OR NOT bool_and(p.polcmd = '*'
       AND pg_get_expr(p.polqual, p.polrelid) = '(user_id = ( SELECT auth.uid() AS uid))'
       AND pg_get_expr(p.polwithcheck, p.polrelid) = '(user_id = ( SELECT auth.uid() AS uid))') $$,
    'one policy a table, for reading and writing, in the form that runs once a statement');
SELECT is_empty($$ SELECT t.full_name FROM t.tenant_tables t JOIN pg_trigger g ON g.tgrelid = t.oid WHERE NOT g.tgisinternal
     UNION ALL SELECT t.full_name FROM t.tenant_tables t JOIN pg_attribute a ON a.attrelid = t.oid WHERE a.attidentity <> ''
     UNION ALL SELECT t.full_name FROM t.tenant_tables t JOIN pg_attrdef d ON d.adrelid = t.oid
                WHERE pg_get_expr(d.adbin, d.adrelid) LIKE '%nextval(%' $$, 'no trigger, identity or sequence on a tenant table');
SELECT is_empty($$ SELECT c.oid::regclass FROM pg_class c WHERE c.relkind = 'v'
     AND (c.relnamespace = 'tidemark'::regnamespace OR obj_description(c.oid, 'pg_class') LIKE 'tidemark: %')
     AND NOT coalesce(c.reloptions @> '{security_invoker=true}', false) $$, 'every view asks as its reader');
SELECT is_empty($$ SELECT p.oid::regprocedure FROM pg_proc p
     WHERE (p.pronamespace = 'tidemark'::regnamespace OR obj_description(p.oid, 'pg_proc') LIKE 'tidemark: %')
       AND (has_function_privilege('anon', p.oid, 'EXECUTE') AND p.oid <> 'auth.uid()'::regprocedure
            OR EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) WHERE grantee = 0)) $$,
    'no function of ours is everybody''s to run');
SELECT is_empty($$ SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace IN ('tidemark'::regnamespace, 'public'::regnamespace)
     AND p.prosecdef AND NOT coalesce(array_to_string(p.proconfig, ' ') LIKE '%search_path=pg_catalog, pg_temp%', false) $$,
    'a function with its owner''s rights has a fixed search_path');
CREATE FUNCTION tidemark.made_later() RETURNS int LANGUAGE sql AS 'SELECT 1';
SELECT ok(NOT has_function_privilege('anon', 'tidemark.made_later()', 'EXECUTE'), 'nor is a function that comes later');
SELECT is_empty($$ SELECT i.indexrelid::regclass FROM pg_index i
     WHERE i.indrelid = 'content_performance_metrics'::regclass AND (SELECT attnum FROM pg_attribute
       WHERE attrelid = i.indrelid AND attname = 'id') = ANY (i.indkey) $$, 'no index on the metrics'' id: it costs a third of COPY');
SELECT * FROM finish();
ROLLBACK;
