-- What the end-to-end specs share: the real binary, run in throw-away project folders that leave nothing behind.
local M = {}

M.bin = assert(os.getenv("TIDEMARK_BIN"), "TIDEMARK_BIN must name the binary: run the tests with ./dev test")
M.source = assert(os.getenv("TIDEMARK_SOURCE"), "TIDEMARK_SOURCE must name the source folder")

function M.quote(s)
    return "'" .. tostring(s):gsub("'", "'\\''") .. "'"
end

function M.read(path)
    local f = assert(io.open(path, "rb"))
    local text = f:read("a")
    f:close()
    return text
end

function M.write(path, text)
    local f = assert(io.open(path, "wb"))
    f:write(text)
    f:close()
    return path
end

function M.exists(path)
    local f = io.open(path, "rb")
    if f then f:close() end
    return f ~= nil
end

-- What a command prints, without its last newline.
local function slurp(command)
    local p = assert(io.popen(command, "r"))
    local text = p:read("a")
    p:close()
    return (text:gsub("\n$", ""))
end

function M.mktemp()
    return slurp("mktemp -d /tmp/tidemark-e2e.XXXXXX")
end

M.is_root = slurp("id -u") == "0"

-- Runs a shell command. Returns { code =, out =, err = }; a command that a signal ended has code 128 + signal.
function M.sh(command, options)
    options = options or {}
    local dir = M.mktemp()
    local env = {}
    for k, v in pairs(options.env or {}) do
        env[#env + 1] = v == false and "unset " .. k .. ";" or "export " .. k .. "=" .. M.quote(v) .. ";"
    end
    local stdin = options.stdin and M.write(dir .. "/in", options.stdin) or "/dev/null"
    local full = ("cd %s && { %s %s\n} < %s > %s 2> %s"):format(M.quote(options.cwd or dir), table.concat(env, " "), command,
        M.quote(stdin), M.quote(dir .. "/out"), M.quote(dir .. "/err"))
    local _, how, code = os.execute("bash -c " .. M.quote(full))
    local result = { code = how == "signal" and 128 + code or code, out = M.read(dir .. "/out"), err = M.read(dir .. "/err") }
    os.execute("rm -rf " .. M.quote(dir))
    return result
end

-- What a test of the embedded server must not inherit.
local no_database = { TIDEMARK_DATABASE = false, PGHOST = false, PGHOSTADDR = false, PGSERVICE = false, PGDATABASE = false,
    PGUSER = false, PGPORT = false, COLUMNS = false, TIDEMARK_LOG = false }

local Project = {}
Project.__index = Project

-- Runs the binary in the project's folder. args is a list, or a string for the shell to split.
function Project:run(args, options)
    options = options or {}
    local words = args
    if type(args) == "table" then
        local quoted = {}
        for i, w in ipairs(args) do quoted[i] = M.quote(w) end
        words = table.concat(quoted, " ")
    end
    local env = {}
    for k, v in pairs(no_database) do env[k] = v end
    for k, v in pairs(self.env) do env[k] = v end
    for k, v in pairs(options.env or {}) do env[k] = v end
    return M.sh((options.before or "") .. M.quote(M.bin) .. " " .. words .. (options.after or ""),
        { cwd = options.cwd or self.dir, env = env, stdin = options.stdin })
end

-- The same, but it must succeed; returns what it printed.
function Project:ok(args, options)
    local r = self:run(args, options)
    if r.code ~= 0 then
        error(("tidemark %s: exit %s\n%s%s"):format(type(args) == "table" and table.concat(args, " ") or args, r.code, r.out, r.err), 2)
    end
    return r.out
end

-- The client itself: what stands in PATH is a script that looks for it, and takes longer than it.
local psql = slurp("ls /usr/lib/postgresql/*/bin/psql 2>/dev/null | tail -n 1")
if psql == "" then psql = "psql" end

-- One SQL statement's answer, as psql -At prints it. Where the server stays up psql is asked directly: specs ask hundreds of times, and
-- the binary under test, with its sanitizers, would be most of the time.
function Project:sql(statement)
    local words = { "-X", "-At", "-v", "ON_ERROR_STOP=1", "-c", statement }
    if not self.conninfo then
        return (self:ok({ "db", "psql", table.unpack(words) }):gsub("\n$", ""))
    end
    for i, w in ipairs(words) do words[i] = M.quote(w) end
    local r = M.sh(("%s %s %s"):format(psql, M.quote(self.conninfo), table.concat(words, " ")), { env = no_database })
    if r.code ~= 0 then error(("psql: exit %s\n%s%s"):format(r.code, r.out, r.err), 2) end
    return (r.out:gsub("\n$", ""))
end

function Project:write(name, text)
    local path = self.dir .. "/" .. name
    local folder = path:match("^(.*)/")
    os.execute("mkdir -p " .. M.quote(folder))
    return M.write(path, text)
end

-- Where its data and sockets are, by what doctor says.
function Project:places()
    local out = self:run({ "doctor", "--ascii" }).out
    return { data = out:match("\n%S+%s+data%s+([^\n(]-)%s*%f[\n(]"), socket = out:match("\n%S+%s+socket%s+([^\n]+)"),
        log = out:match("\n%S+%s+log%s+([^\n]+)") }
end

-- Stops the server and removes everything the project had anywhere.
function Project:close()
    local places = self.embedded and self:places() or {}
    if self.embedded then self:run({ "db", "stop" }) end
    os.execute("rm -rf " .. M.quote(self.root))
    for _, path in ipairs { places.data or "", places.socket or "" } do
        local hash = path:match("^/var/lib/tidemark/%x+") or path:match("^/run/tidemark/%x+") or path:match("^/tmp/tidemark%-%d+/%x+")
        if hash then os.execute("rm -rf " .. M.quote(hash)) end
    end
end

-- A project of its own. options: name (a folder name, may have blanks), owners, pinned (keep the server running: quicker),
-- env, database (a URI: no embedded server).
function M.project(options)
    options = options or {}
    local root = M.mktemp()
    local p = setmetatable({ root = root, dir = root .. "/" .. (options.name or "project"), env = options.env or {},
        embedded = not options.database }, Project)
    local args = { "init" }
    for _, owner in ipairs(options.owners or {}) do
        args[#args + 1] = "--owner"
        args[#args + 1] = owner
    end
    args[#args + 1] = p.dir
    p:ok(args, { cwd = root })
    if options.database then p.env.TIDEMARK_DATABASE = options.database end
    if options.pinned then p.conninfo = p:ok({ "db", "start" }):match("running: ([^\n]+)") end
    return p
end

-- A folder without a project, for what needs none.
function M.folder()
    local root = M.mktemp()
    return setmetatable({ root = root, dir = root, env = {}, embedded = false }, Project)
end

return M
