-- What a rule, a report or a job is handed by the host, faked: answers are given by the spec, and what was asked is written
-- down.

local M = {}

local ANALYSES = { "rank", "compare", "correlate", "trend", "before_after" }

local FIELDS = {}
for name in ([[
  platform external_id account creator content published_at local_hour local_weekday caption tags media_kind duration_s
  ai_version facts views likes comments shares saves y score basis reason segment straddles read_at gained
]]):gmatch("%S+") do
  FIELDS[name] = true
end

-- A field that posts do not have is an error, as in the host: a typing error would look like "not known".
local post_mt = {
  __index = function(_, key)
    if not FIELDS[key] then error(("a post has no field '%s'"):format(tostring(key)), 2) end
    return nil
  end,
}

--- A list of posts as a rule sees them, from plain tables.
---@param list table[] fields as in docs/rules.md: { platform = "x", external_id = "1", local_hour = 18, score = 0.2, … }
---@return table[]
function M.posts(list)
  local posts = {}
  for i, one in ipairs(list) do
    local post = { tags = {}, facts = {} }
    for k, v in pairs(one) do post[k] = v end
    posts[i] = setmetatable(post, post_mt)
    for k in pairs(one) do
      if not FIELDS[k] then error(("post %d: a post has no field '%s'"):format(i, tostring(k)), 2) end
    end
  end
  return posts
end

-- --- ctx ---------------------------------------------------------------------------------------------------------------------

local function labels_of(posts, fn)
  local out = {}
  for i = 1, #posts do out[i] = fn(posts[i]) end
  return out
end

local function analyses(ctx, options)
  for _, kind in ipairs(ANALYSES) do
    ctx[kind] = function(posts, opts)
      local asked = { kind = kind, posts = posts, opts = opts or {} }
      if asked.opts.by then asked.by = labels_of(posts, asked.opts.by) end
      if asked.opts.facts then asked.facts = labels_of(posts, asked.opts.facts) end
      ctx.asked[#ctx.asked + 1] = asked
      return options.candidates and options.candidates[kind] or {}
    end
  end
  ctx.own = function(candidates)
    ctx.asked[#ctx.asked + 1] = { kind = "own", candidates = candidates }
    return candidates
  end
end

local function check_params(params)
  for i = 1, params.n do
    local v = params[i]
    local kind = type(v)
    local plain = v == nil or kind == "string" or kind == "number" or kind == "boolean"
    local list = kind == "table" and (v.param ~= nil or #v > 0)
    if not plain and not list then
      local text = "parameter $%d is a %s: use ctx.db.json, ctx.db.array, ctx.db.bytes, ctx.db.numeric, ctx.db.uuid or "
        .. "ctx.db.time"
      error(text:format(i, kind), 3)
    end
  end
end

-- One handle for statements: ctx.db, and tx inside of ctx.db.tx.
local function database(ctx, options, inside)
  local db = {}
  local function ask(how, sql, ...)
    if type(sql) ~= "string" then error("the statement must be a text, not a " .. type(sql), 3) end
    local params = table.pack(...)
    check_params(params)
    local asked = { how = how, sql = sql, params = params, tx = inside }
    params.n = nil
    ctx.asked[#ctx.asked + 1] = asked
    local answers = options.answers
    if type(answers) == "function" then return answers(sql, params, how) end
    ctx.answered = ctx.answered + 1
    local answer = answers and answers[ctx.answered]
    if answer == nil then
      error(("testkit: the spec gives no answer to statement %d: %s"):format(ctx.answered, sql:gsub("%s+", " "):sub(1, 80)), 3)
    end
    if type(answer) == "table" and answer.raise then error(answer.raise, 3) end
    return answer
  end
  function db.query(sql, ...) return ask("query", sql, ...) end
  function db.exec(sql, ...) return ask("exec", sql, ...) end
  function db.each(sql, ...)
    local rows, i = ask("each", sql, ...), 0
    return function()
      i = i + 1
      return rows[i]
    end
  end
  function db.one(sql, ...)
    local rows = ask("one", sql, ...)
    if #rows > 1 then error("ctx.db.one: more than one row", 2) end
    return rows[1]
  end
  function db.value(sql, ...)
    local answer = ask("value", sql, ...)
    if type(answer) ~= "table" then return answer end
    local row = answer[1]
    return row and select(2, next(row))
  end
  for _, kind in ipairs { "array", "json", "bytes", "numeric", "uuid", "time" } do
    db[kind] = function(v, element) return { param = kind, value = v, element = element } end
  end
  return db
end

local function read_only(values, what)
  return setmetatable({}, {
    __index = values, __pairs = function() return pairs(values) end, __len = function() return #values end,
    __newindex = function(_, key) error(("%s.%s cannot be set"):format(what, tostring(key)), 2) end,
  })
end

local function logging(ctx)
  local function at(level)
    return function(text) ctx.logged[#ctx.logged + 1] = { level = level, text = tostring(text) } end
  end
  ctx.log = setmetatable({ info = at("info"), warn = at("warn"), error = at("error"), debug = at("debug") },
    { __call = function(log, text) log.info(text) end })
end

--- A ctx for a rule, a report or a job.
---
--- options: now, as_of (epoch seconds; 2026-01-01 unless said), config, state, answers (a list: what each statement gives,
--- in order,
--- { raise = error } to fail; or function(sql, params, how)), candidates ({ compare = { … } }: what an analysis gives).
--- It writes down: ctx.asked = { { how, sql, params, tx } or { kind, posts, opts, by, facts } }, ctx.logged = { { level,
--- text } },
--- ctx.slept = { seconds }, ctx.committed and ctx.rolled_back = how many transactions.
---@param options table?
---@return table ctx
function M.ctx(options)
  options = options or {}
  local ctx = { asked = {}, logged = {}, slept = {}, answered = 0, committed = 0, rolled_back = 0 }
  ctx.now = options.now or 1767225600
  ctx.as_of = options.as_of or ctx.now
  ctx.config = read_only(options.config or {}, "ctx.config")
  ctx.state = options.state or {}
  ctx.db = database(ctx, options)
  function ctx.db.tx(fn)
    local results = table.pack(pcall(fn, database(ctx, options, true)))
    if not results[1] then
      ctx.rolled_back = ctx.rolled_back + 1
      error(results[2], 0)
    end
    ctx.committed = ctx.committed + 1
    return table.unpack(results, 2, results.n)
  end
  function ctx.sleep(seconds) ctx.slept[#ctx.slept + 1] = seconds end
  function ctx.parallel(...) -- one after the other: a fake that waits for nothing has no other order
    local list = type((...)) == "table"
    local functions, results = list and (...) or { ... }, {}
    for i, fn in ipairs(functions) do results[i] = (fn()) end
    if list then return results end
    return table.unpack(results, 1, #functions)
  end
  logging(ctx)
  analyses(ctx, options)
  return ctx
end

-- --- out ---------------------------------------------------------------------------------------------------------------------

--- What a parser is handed, writing down what it says: rows = { { post, counts } }, fact_rows, drops = { reason = n }, bads
--- = { { code,
--- text, item } }, accounts, sames, refused = { code, text }.
---@return table out
function M.out()
  local out = { rows = {}, fact_rows = {}, drops = {}, bads = {}, accounts = {}, sames = {} }
  local post
  function out.post(p)
    assert(p.id ~= nil, "a post without an id")
    post = p
    out.rows[#out.rows + 1] = { post = p }
  end
  function out.counts(c)
    local last = out.rows[#out.rows]
    assert(last, "counts before the first post")
    if last.counts then
      last = { post = post }
      out.rows[#out.rows + 1] = last
    end
    last.counts = c
  end
  function out.facts(f) out.fact_rows[#out.fact_rows + 1] = f end
  function out.account(a) out.accounts[#out.accounts + 1] = a end
  function out.same(s) out.sames[#out.sames + 1] = s end
  function out.skip(reason, n) out.drops[reason] = (out.drops[reason] or 0) + (n or 1) end
  function out.bad(code, text, item) out.bads[#out.bads + 1] = { code = code, text = text, item = item } end
  function out.refuse(code, text) out.refused = { code = code, text = text } end
  return out
end

return M
