-- tidemark lua: code of -e, of a pipe, and typed at a terminal (tests/lib/terminal).
local support = require("e2e.support")

local terminal = support.source .. "/tests/lib/terminal"

describe("tidemark lua", function()
  local project

  setup(function()
    project = support.project { pinned = true }
    project:ok({ "db", "migrate" })
    project:sql("INSERT INTO content (user_id, title) VALUES ('" .. support.read(project.dir .. "/tidemark.lua"):match('"(%x+%-[%x-]+)"')
      .. "', 'one'), ('99999999-9999-4999-8999-999999999999', 'secret')")
  end)

  teardown(function() project:close() end)

  local function lua(args, options)
    local words = { "lua" }
    for _, word in ipairs(args) do words[#words + 1] = word end
    return project:run(words, options)
  end

  local function gives(out, ...)
    local r = lua { ... }
    assert.equal(0, r.code, r.err)
    assert.equal(out, r.out)
  end

  local function fails(code, text, args, options)
    local r = lua(args, options)
    assert.equal(code, r.code, r.out .. r.err)
    assert.truthy(r.err:find(text, 1, true), r.err)
    return r
  end

  describe("with -e", function()
    it("prints the values of expressions", function()
      gives("42\n", "-e", "6 * 7")
      gives("1\tx\tnil\n", "-e", "= 1, 'x', nil")
      gives('{ 1, 2, a = "b" }\n', "-e", "{ 1, 2, a = 'b' }")
      gives("", "-e", "x = 1")
      gives("", "-e", "-- nothing")
      gives("hello\n", "-e", "print('hello')")
    end)

    it("prints rows as a table", function()
      local r = lua { "-e", "ctx.db.query('SELECT title FROM content')" }
      assert.equal(0, r.code, r.err)
      assert.equal("  title\n  one\n", r.out)
      assert.truthy(lua({ "-e", "{ { a = 1, b = 'x' }, { a = 2 } }" }).out:find("^  a  b\n  1  x\n  2  ·\n"))
    end)

    it("keeps globals from one to the next, and no locals", function()
      gives("3\n", "-e", "n = 1", "-e", "n = n + 2", "-e", "n")
      gives("nil\n", "-e", "local n = 1", "-e", "n")
    end)

    it("has the plugin API", function()
      gives("1\ttable\ttable\tfunction\n", "-e", "ctx.db.value('SELECT count(*) FROM content'), type(json), type(stats), type(require)")
      gives("one\n", "-e", "ctx.db.tx(function(tx) return tx.value('SELECT title FROM content') end)")
      gives("true\n", "-e", "require('tidemark.show') ~= nil")
    end)

    it("ends at the first mistake: 64 for what cannot be read, 76 for what fails", function()
      local r = fails(64, "-e:1: unexpected symbol near '='", { "-e", "print(1)", "-e", "x = = 1", "-e", "print(2)" })
      assert.equal("1\n", r.out)
      fails(64, "-e:1: 'end' expected near <eof>", { "-e", "for i = 1, 3 do" })
      fails(76, "attempt to index a nil value (global 'nothing')", { "-e", "nothing.x" })
      fails(76, 'column "nothing" does not exist', { "-e", "ctx.db.query('SELECT nothing')" })
      fails(76, "used more than", { "-e", "t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end" })
    end)

    it("writes as the owner, and not with --read-only", function()
      gives("1\n", "-e", "ctx.db.exec(\"UPDATE content SET title = 'one'\")")
      fails(76, "ctx.db.exec", { "--read-only", "-e", "ctx.db.exec(\"UPDATE content SET title = 'two'\")" })
      assert.equal("one", project:sql("SELECT title FROM content WHERE title <> 'secret'"))
    end)

    it("refuses words and options that it does not know", function()
      fails(64, 'lua takes no argument \'s.lua\': code is given with -e, a file runs with "tidemark run s.lua"', { "s.lua" })
      fails(64, "unknown option --excute, did you mean --execute?", { "--excute", "1" })
      fails(64, "--timeout never: not a span", { "--timeout", "never", "-e", "1" })
      fails(76, "took longer than 1 s (--timeout)", { "--timeout", "1s", "-e", "ctx.sleep(60)" })
    end)
  end)

  describe("from a pipe", function()
    it("runs line by line, without a prompt, chunks over several lines too", function()
      local r = lua({}, { stdin = "n = 2\nfunction double(x)\n  return 2 * x\nend\n\ndouble(n)\n" })
      assert.equal("4\n", r.out, r.err)
      assert.equal(0, r.code)
      assert.equal("3\n", lua({}, { stdin = "1 +\n2" }).out)
    end)

    it("stops at the first mistake, told with its line in the input", function()
      local r = fails(76, "stdin:3: attempt to call a nil value (global 'nothing')", {}, { stdin = "print(1)\n\nnothing()\nprint(2)\n" })
      assert.equal("1\n", r.out)
      fails(65, "stdin:2: unexpected symbol near '='", {}, { stdin = "x = 1\ny = = 2\n" })
      fails(65, "stdin:2: a NUL byte, which no Lua text has", {}, { stdin = "x = 1\n\0y = 2\n" })
      fails(65, "'end' expected", {}, { stdin = "x = 1\nif x then\n" })
    end)
  end)

  describe("without a project", function()
    local folder

    setup(function() folder = support.folder() end)
    teardown(function() folder:close() end)

    it("works as long as no database is asked for", function()
      assert.equal("3\n", folder:run({ "lua", "-e", "1 + 2", "-e", "ctx.sleep(0.01)" }).out)
    end)

    it("says what to type when one is, and goes on after it", function()
      local r = folder:run({ "lua", "-e", "ctx.db.query('SELECT 1')" })
      assert.equal(78, r.code, r.err)
      assert.truthy(r.err:find('type "tidemark init" to make a project in this folder', 1, true), r.err)
      r = folder:run({ "lua", "-e", "ok, why = pcall(ctx.db.query, 'SELECT 1')", "-e", "ok, why.kind" })
      assert.equal("false\tconfig\n", r.out, r.err)
    end)
  end)

  describe("at a terminal", function()
    -- Runs the prompt with these steps; returns what stood on the screen, and the code.
    local function type_in(steps, options)
      options = options or {}
      local state = options.state or (project.root .. "/state")
      local r = support.sh(("%s %s lua %s"):format(support.quote(terminal), support.quote(support.bin), options.args or ""), {
        cwd = project.dir, stdin = steps,
        env = { XDG_STATE_HOME = state, TERM = "xterm", COLUMNS = false, NO_COLOR = "1", LC_ALL = "C.UTF-8", HOME = project.root,
          TIDEMARK_DATABASE = false, PGHOST = false, PGDATABASE = false, PGSERVICE = false, PGHOSTADDR = false },
      })
      assert(r.code ~= 99, r.err .. r.out)
      return r
    end

    it("greets, answers, and ends at Ctrl-D", function()
      local r = type_in("wait > \ntype 6 * 7\\n\nwait 42\nwait > \ntype \\x04\n")
      assert.equal(0, r.code)
      assert.truthy(r.out:find("^tidemark %d.*Ctrl%-D ends"), r.out)
    end)

    it("goes on with >> until a chunk is whole", function()
      type_in("wait > \ntype for i = 1, 2 do\\n\nwait >> \ntype print(i * 11)\\n\nwait >> \ntype end\\n\nwait 11\nwait 22\nwait > \ntype \\x04\n")
    end)

    it("goes on after errors", function()
      local r = type_in("wait > \ntype error('a reason', 0)\\n\nwait a reason\nwait > \ntype x = = 1\\n\nwait prompt:1: unexpected symbol\n"
        .. "wait > \ntype 'still' .. ' here'\\n\nwait still here\nwait > \ntype \\x04\n")
      assert.equal(0, r.code)
    end)

    it("shows rows of a query as a table", function()
      type_in("wait > \ntype ctx.db.query('SELECT title FROM content')\\n\nwait title\nwait one\nwait > \ntype \\x04\n")
    end)

    it("drops what is typed at Ctrl-C", function()
      local r = type_in("wait > \ntype nonsense \\x03\nwait ^C\nwait > \ntype for i = 1, 3 do\\n\nwait >> \ntype \\x03\nwait ^C\nwait > \n"
        .. "type 1 + 1\\n\nwait 2\nwait > \ntype \\x04\n")
      assert.equal(0, r.code)
    end)

    it("cancels what runs at Ctrl-C, on the server too, and stays", function()
      local r = type_in("wait > \ntype ctx.log('go') ctx.db.query('SELECT pg_sleep(601)')\\n\nwait lua: go\ntype \\x03\nwait cancelled\nwait > \n"
        .. "type ctx.log('go on') ctx.sleep(601)\\n\nwait lua: go on\ntype \\x03\nwait cancelled\nwait > \n"
        .. "type print('wo' .. 'rk') while true do end\\n\nwait work\ntype \\x03\nwait cancelled\nwait > \n"
        .. "type 20 + 3\\n\nwait 23\nwait > \ntype \\x04\n")
      assert.equal(0, r.code)
      assert.equal("0", project:sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(601)%' AND state = 'active' "
        .. "AND pid <> pg_backend_pid()"))
    end)

    it("remembers lines from session to session", function()
      local state = project.root .. "/state2"
      type_in("wait > \ntype 'some' .. 'thing'\\n\nwait something\nwait > \ntype \\x04\n", { state = state })
      assert.truthy(support.exists(state .. "/tidemark/lua_history"))
      type_in("wait > \ntype \\x10\nwait 'some' .. 'thing'\ntype \\n\nwait something\nwait > \ntype \\x04\n", { state = state })
      assert.equal("600", support.sh("stat -c %a " .. support.quote(state .. "/tidemark/lua_history")).out:gsub("\n", ""))
    end)

    it("completes names with Tab", function()
      type_in("wait > \ntype type(ctx.db.que\\t)\\n\nwait type(ctx.db.query)\nwait function\nwait > \n"
        .. "type string.re\\t\\t\nwait string.reverse\nwait string.re\ntype p('ab', 2)\\n\nwait abab\nwait > \ntype \\x04\n")
    end)

    it("takes letters of any language", function()
      type_in("wait > \ntype #'héllo 猫'\\n\nwait 10\nwait > \ntype \\x04\n")
    end)

    it("does not let a text move the cursor", function()
      local r = type_in("wait > \ntype '\\\\27[31mred', { '\\\\27[2J' }\\n\nwait x1b[31mred\nwait > \ntype \\x04\n")
      assert.falsy(r.out:find("\27%[31mred"))
    end)

    it("ends at SIGTERM and when the terminal goes", function()
      local r = type_in("wait > \nsignal TERM\n")
      assert.equal(0, r.code, r.out)
    end)
  end)
end)
