-- Who is who: the roles, the identity that row level security asks for, and the schemas everything else lives in.
-- Whatever a Supabase-like database brings along (auth.uid(), the three roles, default privileges) is left as it is.

-- deploy
-- Names of the public schema that tidemark needs. Taking over somebody else's table would be guessing.
DO $$
DECLARE
    taken text;
BEGIN
    SELECT string_agg(format('%I.%I', n.nspname, c.relname), ', ' ORDER BY c.relname) INTO taken
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'public'
       AND c.relname IN ('content', 'content_performance_metrics', 'ai_learning_patterns', 'content_style_analysis',
                         'trend_analysis', 'ai_improvement_tracking', 'archived_performance_metrics',
                         'ai_performance_dashboard', 'style_performance_view', 'trend_analysis_view');
    IF taken IS NOT NULL THEN
        RAISE EXCEPTION 'this database is not tidemark''s: % is there already', taken
            USING ERRCODE = 'TM078',
                  HINT = 'Give tidemark a database of its own (--database), or rename what is there.';
    END IF;
END
$$;

-- Roles belong to the whole cluster: another database's migration may make them at the same moment.
DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN SELECT * FROM (VALUES ('anon', 'NOLOGIN NOINHERIT'), ('authenticated', 'NOLOGIN NOINHERIT'),
                                        ('service_role', 'NOLOGIN NOINHERIT BYPASSRLS')) AS r (name, options) LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name);
        BEGIN
            EXECUTE format('CREATE ROLE %I %s', wanted.name, wanted.options);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;
    IF NOT (SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = 'service_role') THEN
        RAISE EXCEPTION 'role service_role is there already and has no BYPASSRLS: it could not see the rows it looks after'
            USING ERRCODE = 'TM078', HINT = 'As a superuser: ALTER ROLE service_role BYPASSRLS';
    END IF;
    -- The host connects as the migrating role and goes on with SET LOCAL ROLE. A superuser is a member of everything.
    FOR wanted IN SELECT unnest(ARRAY['anon', 'authenticated', 'service_role']) AS name LOOP
        IF NOT pg_has_role(current_user, wanted.name, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', wanted.name);
        END IF;
    END LOOP;
END
$$;

-- What this role makes from now on is not everybody's to run.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

DO $$
BEGIN
    IF to_regnamespace('auth') IS NULL THEN
        CREATE SCHEMA auth;
        COMMENT ON SCHEMA auth IS 'tidemark: who is asking';
    END IF;
    IF to_regprocedure('auth.uid()') IS NULL THEN
        -- Missing claims are nobody (NULL). Claims that are no JSON object, or whose sub is no UUID, are an error:
        -- the casts raise it, so that the function stays one expression the planner can inline.
        CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $uid$
            SELECT coalesce(
                nullif(current_setting('request.jwt.claim.sub', true), ''),
                CASE WHEN jsonb_typeof(nullif(current_setting('request.jwt.claims', true), '')::jsonb) <> 'object'
                     THEN 'request.jwt.claims is not an object'
                     ELSE nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub' END)::uuid
        $uid$;
        COMMENT ON FUNCTION auth.uid() IS 'tidemark: the owner whose request this is';
        GRANT USAGE ON SCHEMA auth TO anon, authenticated, service_role;
        GRANT EXECUTE ON FUNCTION auth.uid() TO anon, authenticated, service_role;
    END IF;
END
$$;

-- The schema tidemark is the migration engine's (its ledger is there); who may look into it is decided here.
GRANT USAGE ON SCHEMA tidemark TO authenticated, service_role;

-- Partitions are kept where no owner can name them: a policy guards the parent, not the part.
CREATE SCHEMA tidemark_parts;
COMMENT ON SCHEMA tidemark_parts IS 'tidemark: partitions, reached through their parents only';
REVOKE ALL ON SCHEMA tidemark_parts FROM PUBLIC, anon, authenticated, service_role;

-- verify
SELECT count(*) = 3 FROM pg_roles WHERE rolname IN ('anon', 'authenticated', 'service_role');
SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = 'service_role';
SELECT pg_has_role(current_user, r, 'MEMBER') FROM unnest(ARRAY['anon', 'authenticated', 'service_role']) AS r;
SELECT has_schema_privilege('authenticated', 'tidemark', 'USAGE')
   AND NOT has_schema_privilege('anon', 'tidemark', 'USAGE');
SELECT NOT has_schema_privilege(r, 'tidemark_parts', 'USAGE') FROM unnest(ARRAY['anon', 'authenticated', 'service_role']) AS r;
SELECT has_function_privilege('authenticated', 'auth.uid()', 'EXECUTE');

-- revert
-- The roles stay: they belong to the cluster, and other databases may use them.
DROP FUNCTION IF EXISTS tidemark.act_as(uuid);
DROP SCHEMA tidemark_parts;
REVOKE USAGE ON SCHEMA tidemark FROM authenticated, service_role;
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
DO $$
BEGIN
    IF obj_description(to_regprocedure('auth.uid()'), 'pg_proc') LIKE 'tidemark: %' THEN
        DROP FUNCTION auth.uid();
        REVOKE USAGE ON SCHEMA auth FROM anon, authenticated, service_role;
    END IF;
    IF obj_description(to_regnamespace('auth'), 'pg_namespace') LIKE 'tidemark: %' THEN
        DROP SCHEMA auth;
    END IF;
END
$$;
