-- The embedded PostgreSQL as a person meets it: who runs it, who may not, what it says when it cannot.
-- (Its inner life, kills and stale files among it, is tested in unit/db.)
local support = require("e2e.support")

local function slurp(command)
    local p = assert(io.popen(command))
    local text = p:read("a")
    p:close()
    return (text:gsub("%s+$", ""))
end

-- Where root keeps what belongs to a project.
local function hash_of(dir)
    return slurp("printf %s " .. support.quote(dir) .. " | sha256sum | cut -c1-16")
end

local function pid_of(project)
    return support.sh("head -1 " .. support.quote(project:places().data .. "/postmaster.pid")).out:match("%d+")
end

-- An ordinary user's command, as root: his own session, without root's rights. HOME is his.
local function as_nobody(project, args, env)
    local options = { before = "setpriv --reuid=nobody --regid=nogroup --clear-groups -- ", env = { HOME = project.root } }
    for k, v in pairs(env or {}) do options.env[k] = v end
    return project:run(args, options)
end

-- The binary where nobody can execute it: a checkout may lie below a folder that only root may enter.
local function nobodys_project()
    local p = support.folder()
    os.execute(("cp %s %s/tidemark && mkdir %s/share && cp -rL %s/../share/tidemark %s/share/ && mkdir %s/bin && mv %s/tidemark %s/bin/ && "
        .. "chmod 755 %s"):format(support.quote(support.bin), p.root, p.root, support.quote(support.bin:match("^(.*)/")), p.root,
        p.root, p.root, p.root, p.root))
    p.dir = p.root .. "/project"
    os.execute(("mkdir %s && chmod -R a+rX %s && chown nobody %s"):format(p.dir, p.root, p.dir))
    function p.nobody(self, args, env)
        local saved = support.bin
        support.bin = self.root .. "/bin/tidemark"
        local r = as_nobody(self, args, env)
        support.bin = saved
        return r
    end
    local r = p:nobody({ "init", p.dir })
    assert.are.equal(0, r.code, r.err)
    function p.finish(self)
        self:nobody({ "db", "stop" })
        os.execute("rm -rf " .. self.root .. " /tmp/tidemark-65534/" .. hash_of(self.dir))
    end
    return p
end

describe("the embedded database", function()
    it("is stopped by the last command, and kept by db start until db stop", function()
        local project = support.project { name = "with a blank" }
        finally(function() project:close() end)
        assert.are.equal("1", project:sql("SELECT 1"))
        local pid_file = support.quote(project:places().data .. "/postmaster.pid")
        assert.are.equal(1, support.sh("test -e " .. pid_file).code)
        project:ok({ "db", "start" })
        local pid = pid_of(project)
        assert.are.equal("1", project:sql("SELECT 1"))
        assert.are.equal(pid, pid_of(project))
        project:ok({ "db", "stop" })
        assert.are.equal(1, support.sh("test -e " .. pid_file).code)
    end)

    it("comes back after a kill -9 of its server, and works without a usable locale", function()
        local project = support.project { pinned = true }
        finally(function() project:close() end)
        project:sql("CREATE TABLE kept AS SELECT 42 AS n")
        os.execute("kill -9 " .. pid_of(project))
        local r = project:run({ "db", "psql", "-X", "-At", "-c", "SELECT n FROM kept" },
            { env = { LANG = false, LC_ALL = "tlh_QO.UTF-8", PGOPTIONS = "-c work_mem=128kB" } })
        assert.are.equal(0, r.code, r.err)
        assert.are.equal("42\n", r.out)
    end)

    it("names the package when no server is installed", function()
        local project = support.project()
        finally(function() project:close() end)
        local r = project:run({ "db", "start" }, { env = { TIDEMARK_PG_BINDIR = project.root } })
        assert.are.equal(78, r.code)
        assert.truthy(r.err:find("install the package postgresql-15", 1, true), r.err)
    end)

    it("names both versions when the data is another major version's", function()
        local project = support.project()
        finally(function() project:close() end)
        project:sql("SELECT 1")
        local version = project:places().data .. "/PG_VERSION"
        support.write(version, "13\n")
        local r = project:run({ "db", "start" })
        assert.are.equal(78, r.code)
        assert.truthy(r.err:find("was made by PostgreSQL 13, but the server in %S+ is %d+: install the package postgresql%-13"), r.err)
    end)

    it("tells of a full disk in one line, and leaves nothing half-made", function()
        if not support.is_root then return pending("needs a small file system, which only root can mount") end
        local project = support.project()
        local base = "/var/lib/tidemark/" .. hash_of(project.dir)
        local mounted = os.execute(("mkdir -p -m 711 /var/lib/tidemark %s && mount -t tmpfs -o size=8m,mode=711 none %s 2>/dev/null"):format(
            base, base))
        finally(function()
            os.execute("umount " .. base .. " 2>/dev/null")
            project:close()
            os.execute("rm -rf " .. base)
        end)
        if not mounted then return pending("mounting is not allowed here") end
        local r = project:run({ "db", "start" })
        assert.are.equal(75, r.code, r.err)
        assert.truthy(r.err:find("the disk is full: " .. base .. " has %d+ MiB free, a new database needs about 60 MiB"), r.err)
        assert.are.equal("", slurp("ls -d " .. base .. "/pg " .. base .. "/pg.new.* 2>/dev/null"))
    end)

    it("runs as an ordinary user in his project, and tells him of root's data", function()
        if not support.is_root then return pending("needs root, to become another user") end
        local p = nobodys_project()
        local roots = "/var/lib/tidemark/" .. hash_of(p.dir)
        finally(function()
            p:finish()
            os.execute("rm -rf " .. roots)
        end)
        local r = p:nobody({ "db", "psql", "-X", "-At", "-c", "SELECT current_user" })
        assert.are.equal(0, r.code, r.err)
        assert.are.equal("tidemark\n", r.out)
        assert.falsy(r.err:find("root has a database", 1, true), r.err)
        os.execute(("mkdir -p -m 711 /var/lib/tidemark %s && mkdir %s/pg"):format(roots, roots))
        r = p:nobody({ "db", "psql", "-X", "-At", "-c", "SELECT 1" })
        assert.truthy(r.err:find("root has a database for this project too, in " .. roots .. "/pg", 1, true), r.err)
    end)

    it("refuses a socket folder that somebody else made", function()
        if not support.is_root then return pending("needs root, to make another user's folder") end
        local p = nobodys_project()
        finally(function() p:finish() end)
        local folder = "/tmp/tidemark-65534/" .. hash_of(p.dir)
        os.execute("mkdir -p -m 700 /tmp/tidemark-65534 && chown nobody /tmp/tidemark-65534 && mkdir " .. folder)
        local r = p:nobody({ "db", "start" })
        os.execute("rmdir " .. folder)
        assert.are.equal(78, r.code, r.err)
        assert.truthy(r.err:find(folder .. " belongs to root, it must belong to nobody", 1, true), r.err)
    end)
end)
