-- The wall around plugins' statements: what a report may try in order to see another owner's rows, and what the server says to it.
local support = require("e2e.support")

-- As whoever logs in for plugins, made an owner as the host does it; returns what the server said to one statement.
local function attempt(project, sql)
    local r = support.sh(("psql %s -XAtq -c %s -c %s -c %s"):format(
        support.quote(("host=%s user=tidemark_plugin dbname=tidemark"):format(project.place.socket)),
        support.quote([[BEGIN; SET LOCAL ROLE authenticated; SET LOCAL "request.jwt.claims" = '{"sub": "]] .. project.ann .. [["}']]),
        support.quote(sql), support.quote("ROLLBACK")))
    return (r.out .. r.err):gsub("\n$", "")
end

local function one_report(project, sql)
    project:write("plugins/odd/plugin.lua", 'return { name = "odd", api = 1, about = "Tries what it may not." }\n')
    project:write("plugins/odd/reports/try.sql", "-- about: tries\n-- title: tries\n" .. sql .. "\n")
    return project:run({ "report", "odd.try", "--format", "csv", "--as", "ann" })
end

describe("the wall around plugins", function()
    local project

    setup(function()
        project = support.project { owners = { "ann", "bob" }, pinned = true }
        project.place = project:places()
        local config = dofile(project.dir .. "/tidemark.lua")
        project.ann, project.bob = config.owners.ann, config.owners.bob
        for _, owner in ipairs { project.ann, project.bob } do
            project:sql(("INSERT INTO content (title, user_id) VALUES ('of %s', '%s')"):format(owner, owner))
        end
    end)

    teardown(function() project:close() end)

    for _, case in ipairs {
        { "SELECT set_config('role', 'tidemark', true)", "permission denied for function set_config" },
        { "SELECT set_config('request.jwt.claims', '{\"sub\": \"@bob\"}', true)", "permission denied for function set_config" },
        { "SELECT query_to_xml($$SELECT set_config('request.jwt.claim.sub', '@bob', true)$$, true, true, '')",
            "permission denied for function set_config" },
        { "SELECT query_to_xml('SET LOCAL ROLE tidemark', true, true, '')", "SET is not allowed in a non-volatile function" },
        { "SELECT * FROM ts_stat($$SELECT set_config('role', 'none', true)::tsvector$$)", "permission denied for function set_config" },
        { "UPDATE pg_settings SET setting = '1s' WHERE name = 'statement_timeout'", "permission denied for function set_config" },
        { "SET LOCAL ROLE tidemark", 'permission denied to set role "tidemark"' },
        { "SET SESSION AUTHORIZATION tidemark", 'permission denied to set session authorization "tidemark"' },
        { "SET LOCAL ROLE service_role", 'permission denied to set role "service_role"' },
        { "SELECT tidemark.act_as('@bob')", "permission denied for function act_as" },
        { "SELECT tidemark.wall()", "permission denied for function wall" },
        { "SELECT tidemark.ensure_metric_partitions(now(), now())", "permission denied for function ensure_metric_partitions" },
        { "SELECT tidemark.refresh_at_age('@bob', now())", "permission denied for function refresh_at_age" },
        { "SELECT * FROM tidemark_parts.content_performance_metrics_default", "permission denied for schema tidemark_parts" },
        { "SELECT lo_create(0)", "permission denied for function lo_create" },
        { "SELECT lo_from_bytea(0, 'x')", "permission denied for function lo_from_bytea" },
        { "SELECT 1 AS x INTO TEMP content", 'permission denied to create temporary tables in database "tidemark"' },
        { "SELECT 1 AS x INTO public.stolen", "permission denied for schema public" },
        { "SELECT pg_read_file('PG_VERSION')", "permission denied for function pg_read_file" },
        { "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'tidemark'",
            "must be a superuser to terminate superuser process" },
        { "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "permission denied for schema public" },
        { "COPY content TO PROGRAM 'cat'",
            "must be superuser or have privileges of the pg_execute_server_program role to COPY to or from an external program" },
    } do
        local sql, says = case[1], case[2]
        it("refuses " .. sql, function()
            local said = attempt(project, (sql:gsub("@bob", project.bob)))
            assert.truthy(said:find("ERROR:  " .. says, 1, true), said)
        end)
    end

    it("shows an owner's rows and nobody else's, whatever is asked for", function()
        assert.are.equal("1|of " .. project.ann, attempt(project, "SELECT count(*), max(title) FROM content"))
        assert.are.equal("0", attempt(project, ("SELECT count(*) FROM content WHERE user_id = '%s'"):format(project.bob)))
        assert.are.equal("", attempt(project, ("UPDATE content SET title = 'mine' WHERE user_id = '%s'"):format(project.bob)))
        assert.are.equal("of " .. project.bob, project:sql(("SELECT title FROM content WHERE user_id = '%s'"):format(project.bob)))
    end)

    it("leaves a login that gave its role up with nothing", function()
        assert.truthy(attempt(project, "RESET ROLE; SELECT count(*) FROM content"):find("permission denied for table content", 1, true))
        assert.truthy(attempt(project, "RESET ROLE; SELECT count(*) FROM tidemark.posts"):find("permission denied for schema tidemark", 1, true))
    end)

    it("shows a statement of another session only to whose it is", function()
        assert.are.equal("<insufficient privilege>", attempt(project,
            "SELECT string_agg(DISTINCT query, ',') FROM pg_stat_activity WHERE datname = 'tidemark' AND query <> ''"))
    end)

    it("runs a report behind it", function()
        local r = one_report(project, "SELECT session_user, current_user, count(*) AS n FROM content")
        assert.are.equal("session_user,current_user,n\r\ntidemark_plugin,authenticated,1\r\n", r.out, r.err)
    end)

    it("refuses a report that begins with another verb before it is sent", function()
        local r = one_report(project, "RESET ROLE")
        assert.are.equal(76, r.code)
        assert.truthy(r.err:find("plugins/odd/reports/try.sql: a plugin's statement must be SELECT, WITH, VALUES, TABLE, INSERT, UPDATE, "
            .. "DELETE, MERGE or EXPLAIN, and this one begins with 'RESET'", 1, true), r.err)
    end)

    it("is put up in a cluster that an older version made, also while its server runs", function()
        local data = project.place.data
        project:sql("DROP OWNED BY tidemark_plugin; DROP ROLE tidemark_plugin; GRANT EXECUTE ON FUNCTION set_config TO PUBLIC;"
            .. "GRANT TEMPORARY ON DATABASE tidemark TO PUBLIC")
        support.sh(("sed -i /tidemark_plugin/d %s/pg_ident.conf && kill -HUP $(head -1 %s/postmaster.pid)"):format(data, data))
        assert.truthy(attempt(project, "SELECT 1"):find("FATAL:", 1, true))
        local r = one_report(project, "SELECT session_user, count(*) AS n FROM content")
        assert.are.equal("session_user,n\r\ntidemark_plugin,1\r\n", r.out, r.err)
        assert.truthy(attempt(project, "SELECT set_config('role', 'tidemark', true)"):find("permission denied for function set_config", 1, true))
        assert.truthy(project:ok({ "doctor" }):find("their statements log in as tidemark_plugin, which may become an owner and nobody else", 1, true))
    end)

    it("does not hinder pg_dump and psql, which set what they need", function()
        local socket = project.place.socket
        local r = support.sh(("pg_dump %s -f dump.sql && psql %s -XAtc '\\d content' >/dev/null && grep -c set_config dump.sql"):format(
            support.quote("host=" .. socket .. " user=tidemark dbname=tidemark"),
            support.quote("host=" .. socket .. " user=tidemark dbname=tidemark")))
        assert.are.equal(0, r.code, r.err)
    end)
end)
