-- A run under stress: many coroutines over four connections, each doing something chosen by chance, errors among it.
-- ctx, seed, how many, calm (nobody kills connections) -> what happened, counted
local ctx, seed, n, calm = ...

-- A generator of our own: the same numbers for a seed everywhere.
local function generator(state)
  return function(below)
    state = (state * 6364136223846793005 + 1442695040888963407)
    return ((state >> 33) & 0x7fffffff) % below
  end
end

local seen = { done = 0, kept = 0, unsure = 0, refused = 0, lost = 0, taken_back = 0, cancelled = 0, rows = 0 }

local function count(what) seen[what] = seen[what] + 1 end

-- fn, which may lose its connection; then the answer is nothing, and what it wrote may be there or not.
local function try(fn, ...)
  local ok, result = pcall(fn, ...)
  if ok then return result end
  local kind = type(result) == "table" and result.kind or "?"
  if not calm and (kind == "lost" or kind == "temporary" or kind == "unavailable") then
    count("lost")
    return nil, "lost"
  end
  error(result, 0)
end

local function expect(sqlstate, fn, ...)
  local ok, e = pcall(fn, ...)
  assert(not ok, "an error was expected")
  if not calm and (e.kind == "lost" or e.kind == "unavailable") then
    count("lost")
  else
    assert(e.sqlstate == sqlstate, tostring(e))
    count("refused")
  end
end

local acts = {
  function(i) -- a value there and back
    local v = try(ctx.db.value, "SELECT $1 + 1", i)
    assert(v == nil or v == i + 1)
  end,
  function(i) expect("22012", ctx.db.query, "SELECT $1 / ($1 - $1)", i) end,
  function() expect("42601", ctx.db.query, "SELECT FROM FROM") end,
  function(i) -- written on its own
    local k, lost = try(ctx.db.exec, "INSERT INTO stress (n) VALUES ($1)", i)
    if k == 1 then count("kept") elseif lost then count("unsure") end
  end,
  function(i, random) -- written in a transaction of three, or taken back
    local back = random(3) == 0
    local ok, e = pcall(ctx.db.tx, function(tx)
      tx.exec("INSERT INTO stress (n) VALUES ($1)", i)
      assert(tx.value("SELECT count(*) FROM stress WHERE n = $1", i) >= 1)
      if random(2) == 0 then ctx.sleep(0.001) end
      if back then error({ mine = i }) end
    end)
    if ok then count("kept")
    elseif type(e) == "table" and e.mine == i then count("taken_back")
    elseif not calm and (e.kind == "lost" or e.kind == "unavailable") then count("lost") count("unsure")
    else error(e, 0) end
  end,
  function(_, random) ctx.sleep(random(20) / 1000) end,
  function(_, random) -- a loop that is left early, or read to its end
    local stop, k = random(2) == 0 and random(500), 0
    try(function()
      for row in ctx.db.each("SELECT g AS n, repeat('x', 200) AS body FROM generate_series(1, 1000) g") do
        k = k + 1
        assert(row.n == k and #row.body == 200)
        if k == stop then break end
      end
    end)
    seen.rows = seen.rows + k
  end,
  function(i) -- an error that calls the others off, on the server too
    local ok, e = pcall(ctx.parallel, {
      function() return ctx.db.query("SELECT pg_sleep(600)") end,
      function() return ctx.sleep(600) end,
      function() ctx.sleep(0.002) error({ mine = i }) end,
    })
    assert(not ok)
    if e.mine == i then count("cancelled") else assert(not calm, tostring(e)) count("lost") end
  end,
  function(i) -- kept across the run
    try(function() ctx.state["k" .. i % 10] = i end)
  end,
}

local tasks = {}
for i = 1, n do
  local random = generator(seed + i * 7919)
  tasks[i] = function()
    for _ = 1, 1 + random(3) do acts[1 + random(#acts)](i, random) end
    count("done")
    return i
  end
end
local results = ctx.parallel(tasks)
for i = 1, n do assert(results[i] == i) end
ctx.log("calm") -- from here on nobody kills: what is left of ctx.state is kept at the end
ctx.sleep(0.3)
return ("done %d kept %d unsure %d refused %d taken_back %d cancelled %d lost %d rows %d"):format(seen.done, seen.kept, seen.unsure,
  seen.refused, seen.taken_back, seen.cancelled, seen.lost, seen.rows)
