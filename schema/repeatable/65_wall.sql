-- The wall around plugins' statements: a login that may become an owner (authenticated) and nobody else, on a database where no
-- setting can be changed from within a statement. Row level security asks two settings who the owner is; whoever may execute
-- set_config() may answer.
-- Called by tidemark where the whole server is its own (the embedded one); an operator may call it on another (docs/configuration.md).
CREATE OR REPLACE FUNCTION tidemark.wall(login name DEFAULT 'tidemark_plugin') RETURNS void LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    other   record;
    routine regprocedure;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = login) THEN
        BEGIN
            EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT', login);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL; -- roles are the cluster's: another database's wall may make it at the same moment
        END;
    END IF;
    EXECUTE format('ALTER ROLE %I LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', login);
    FOR other IN SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid
                  WHERE m.member = (SELECT oid FROM pg_roles WHERE rolname = login) AND (r.rolsuper OR r.rolbypassrls OR r.rolname LIKE 'pg\_%') LOOP
        RAISE EXCEPTION 'role % is a member of %, which knows no owners', login, other.rolname USING ERRCODE = 'TM078';
    END LOOP;
    EXECUTE format('GRANT authenticated TO %I', login);
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), login);
    -- A sort of a plugin's must not fill the disk.
    EXECUTE format('ALTER ROLE %I SET temp_file_limit = ''4GB''', login);

    -- What everybody may do by default, and plugins must not: settings, large objects (they have no owner but a role, and are
    -- written even by transactions that only read), temporary tables, which would hide tables of ours. The other logins keep it.
    FOR routine IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
                    AND (proname = 'set_config' OR proname ~ '^lo_' OR proname IN ('loread', 'lowrite')) LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', routine);
        FOR other IN SELECT rolname FROM pg_roles WHERE (rolcanlogin OR rolname = 'service_role') AND NOT rolsuper AND rolname <> login LOOP
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', routine, other.rolname);
        END LOOP;
    END LOOP;
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    FOR other IN SELECT rolname FROM pg_roles WHERE (rolcanlogin OR rolname = 'service_role') AND NOT rolsuper AND rolname <> login LOOP
        EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO %I', current_database(), other.rolname);
    END LOOP;
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
END
$$;
COMMENT ON FUNCTION tidemark.wall(name) IS 'tidemark: makes the login for plugins'' statements and takes from everybody what would lead out of it';

-- Does it stand? What a login can be talked into, in words; none: nothing.
CREATE OR REPLACE FUNCTION tidemark.wall_gaps(login name DEFAULT session_user) RETURNS SETOF text LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('there is no role %s', login) WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = login)
    UNION ALL
    SELECT format('%s is a superuser or has BYPASSRLS', login) FROM pg_roles WHERE rolname = login AND (rolsuper OR rolbypassrls)
    UNION ALL
    SELECT format('%s may execute set_config', rolname) FROM pg_roles
     WHERE rolname IN (login, 'authenticated') AND has_function_privilege(oid, 'set_config(text, text, boolean)', 'EXECUTE')
       AND NOT rolsuper
    UNION ALL
    SELECT format('%s may become %s, which knows no owners', l.rolname, o.rolname) FROM pg_roles l JOIN pg_roles o ON o.oid <> l.oid
     WHERE l.rolname = login AND NOT l.rolsuper AND (o.rolsuper OR o.rolbypassrls OR o.rolname LIKE 'pg\_%')
       AND pg_has_role(l.oid, o.oid, 'MEMBER')
    UNION ALL
    SELECT format('%s owns %s', rolname, count(*)::text || ' of the tables') FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
     WHERE rolname IN (login, 'authenticated') AND c.relkind IN ('r', 'p') AND c.relnamespace IN ('public'::regnamespace, 'tidemark'::regnamespace)
     GROUP BY rolname
$$;
COMMENT ON FUNCTION tidemark.wall_gaps(name) IS 'tidemark: how a login for plugins'' statements could leave its owner';

DO $$
BEGIN
    IF current_setting('cluster_name') ~ '^tidemark [0-9a-f]{16}$' AND current_setting('listen_addresses') = ''
       AND (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        PERFORM tidemark.wall();
    END IF;
END
$$;
