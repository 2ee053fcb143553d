-- The files of a new plugin, as text.

local M = {}

-- --- Lua source --------------------------------------------------------------------------------------------------------------

local reserved = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return then true until
  while]]):gmatch("%a+") do
  reserved[word] = true
end

local function quoted(s) return '"' .. s:gsub('[%c"\\]', function(c)
  if c == "\n" then return "\\n" end
  if c == '"' or c == "\\" then return "\\" .. c end
  return ("\\%d"):format(c:byte())
end) .. '"' end
M.quoted = quoted

local function key(name)
  return name:find("^[%a_][%w_]*$") and not reserved[name] and name or "[" .. quoted(name) .. "]"
end

local function sorted(t)
  local keys = {}
  for k in pairs(t) do keys[#keys + 1] = k end
  table.sort(keys)
  return keys
end

local function source(v)
  if type(v) ~= "table" then return quoted(v) end
  return ("{ %s, unit = %s }"):format(quoted(v[1]), quoted(v.unit))
end

-- A comma list of items, broken so that no line has more than `width` columns.
local function wrapped(items, indent, width)
  local lines, line = {}, indent
  for i, item in ipairs(items) do
    local more = item .. (i < #items and "," or "")
    if #line > #indent and #line + 1 + #more > width then
      lines[#lines + 1] = line
      line = indent
    end
    line = line .. (#line > #indent and " " or "") .. more
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n")
end

local function braces(head, items, indent)
  local one = ("%s%s = { %s },"):format(indent, head, table.concat(items, ", "))
  if #one <= 110 then return one end
  return ("%s%s = {\n%s,\n%s},"):format(indent, head, wrapped(items, indent .. "  ", 108), indent)
end

-- --- plugin.lua --------------------------------------------------------------------------------------------------------------

local POST_ORDER = { "id", "account", "title", "caption", "url", "published_at", "tags", "duration_s", "media_kind" }
local COUNT_ORDER = { "views", "likes", "comments", "shares", "saves", "average_watch_time" }

local function fields(name, from, order, said, out)
  out[#out + 1] = ("      %s = {"):format(name)
  for _, field in ipairs(order) do
    if from[field] then
      local doubt = said[field] and said[field].check and (" -- check this" .. (said[field].doubt and ": "
        .. said[field].doubt or "")) or ""
      out[#out + 1] = ("        %s = %s,%s"):format(field, source(from[field]), doubt)
    end
  end
  out[#out + 1] = "      },"
end

local function match_lines(guess, out)
  if guess.columns then
    local items = {}
    for i, column in ipairs(guess.columns) do items[i] = quoted(column) end
    out[#out + 1] = braces("match", { "columns = { " .. table.concat(items, ", ") .. " }" }, "      ")
    return
  end
  local items = {}
  for _, one in ipairs(guess.match) do
    items[#items + 1] = ("%s = %s"):format(key(one.path), one.value == true and "true" or quoted(one.value))
  end
  if guess.match.kind_of then items[#items + 1] = ("kind_of = { %s = \"array\" }"):format(key(guess.match.kind_of)) end
  out[#out + 1] = braces("match", items, "      ")
end

local function parser(p, out)
  local guess, said = p.guess, {}
  for _, one in ipairs(guess.said) do said[one.field] = one end
  out[#out + 1] = "  parsers = {"
  out[#out + 1] = ("    [%s] = {"):format(quoted(p.parser))
  out[#out + 1] = ("      about = %s,"):format(quoted(p.about_parser))
  match_lines(guess, out)
  if guess.each ~= "." then out[#out + 1] = ("      each = %s,"):format(quoted(guess.each)) end
  out[#out + 1] = '      window = "lifetime", -- counts since publication; an export of one day says "day"'
  fields("post", guess.post, POST_ORDER, said, out)
  fields("counts", guess.counts, COUNT_ORDER, said, out)
  if type(guess.extra) == "string" then
    out[#out + 1] = ("      extra = %s, -- what no count took is kept, under the platform's names"):format(quoted(guess.extra))
  elseif guess.extra then
    local items = {}
    for _, name in ipairs(sorted(guess.extra)) do items[#items + 1] = ("%s = %s"):format(key(name),
      quoted(guess.extra[name])) end
    out[#out + 1] = braces("extra", items, "      ")
  end
  out[#out + 1] = "    },\n  },"
end

local RULE = [[
  rules = {
    ["$NAME.weekend"] = {
      about = "posts of the weekend against the others",
      every = "@weekly",
      needs = { at_age = "7d", since = "180d" },
      find = function(posts, ctx)
        return ctx.compare(posts, {
          by = function(p) return p.local_weekday and (p.local_weekday >= 6 and "weekend" or "weekday") end,
          per = "platform", subject = "time_block", pattern_type = "weekend", writes = "pattern",
        })
      end,
    },
  },]]

local QUERY = [[
SELECT coalesce(nullif(c.title, ''), p.external_id) AS title,
       p.platform,
       p.external_id,
       m.views,
       m.likes,
       m.recorded_at AS observed_at
  FROM tidemark.posts p
  JOIN content c ON c.user_id = p.user_id AND c.id = p.content_id
 CROSS JOIN LATERAL (
       SELECT views, likes, recorded_at
         FROM content_performance_metrics
        WHERE user_id = p.user_id AND platform = p.platform AND external_id = p.external_id AND metric_window = 'lifetime'
        ORDER BY window_start DESC, recorded_at DESC -- the latest one
        LIMIT 1) m$WHERE
 ORDER BY m.views DESC NULLS LAST, p.platform, p.external_id
 LIMIT $LIMIT]]

local LUA_REPORT = [[
  reports = {
    ["$NAME.top"] = {
      about = "The posts with the most views, by their latest counts.",
      args = { limit = { type = "integer", default = 20, about = "how many posts" } },
      columns = {
        { name = "title", title = "post" }, { name = "platform" }, { name = "views" }, { name = "likes" },
        { name = "external_id", hide = true }, { name = "observed_at", hide = true },
      },
      empty = "No post has been observed yet. Take some in: tidemark ingest FILE",
      run = function(ctx, args)
        return ctx.db.query($QUERY, args.limit)
      end,
    },
  },]]

local SQL_HEAD = [[
-- about: The posts with the most views, by their latest counts.
-- arg: limit integer = 20: how many posts
-- column: title "post" cut
-- column: platform "platform" drop=2
-- column: views "views"
-- column: likes "likes" drop=1
-- column: external_id hide
-- column: observed_at hide
-- empty: No post has been observed yet. Take some in: tidemark ingest FILE

]]

local function fill(text, values)
  return (text:gsub("%$(%u+)", function(word) return values[word] end))
end

local function query(p, limit)
  return fill(QUERY, { WHERE = p.parser and ("\n WHERE p.platform = '%s'"):format(p.name) or "", LIMIT = limit })
end

--- p = { name, parser (its name) or nil, guess, about_parser, rule = boolean, report = "sql" | "lua" | nil }
function M.plugin(p)
  local head = "-- `tidemark plugin check %s` tells mistakes, `tidemark plugin test %s` runs spec/."
  local out = { head:format(p.name, p.name), "return {",
    ("  name = %s,"):format(quoted(p.name)), "  api = 1,", ("  about = %s,"):format(quoted(p.about)) }
  if p.parser then parser(p, out) end
  if p.rule then out[#out + 1] = fill(RULE, { NAME = p.name }) end
  if p.report == "lua" then
    local sql = query(p, "$1"):gsub("\n", "\n          ")
    out[#out + 1] = fill(LUA_REPORT, { NAME = p.name, QUERY = "[[\n          " .. sql .. "]]" })
  end
  out[#out + 1] = "}\n"
  return table.concat(out, "\n")
end

function M.sql(p) return SQL_HEAD .. query(p, ":limit") .. "\n" end

-- --- spec --------------------------------------------------------------------------------------------------------------------

local SPEC_PARSER = [[

describe("$PARSER", function()
  it("takes every item with its counts", function()
$PARSE    assert.same({}, out.bads)
    assert.same({ $IDS }, testkit.ids(out))
$COUNTS  end)

  it("recognises the payload, and no other plugin does", function()
    assert.equal("$PARSER", testkit.host().match("$FIXTURE"))
  end)

  it("yields what was recorded", function()
    testkit.golden("$FIXTURE") -- written by: tidemark plugin test $NAME --record
  end)
end)
]]

local PARSE = [[
    local out = testkit.parse("$PARSER", testkit.fixture("$FIXTURE"))
]]

local PARSE_LINES = [[
    local out = testkit.out()
    for _, doc in ipairs(testkit.lines("$FIXTURE")) do testkit.parse("$PARSER", doc, {}, out) end
]]

local SPEC_RULE = [[

describe("$NAME.weekend", function()
  it("asks for the weekend against the other days", function()
    local posts = testkit.posts {
      { external_id = "1", local_weekday = 5 }, { external_id = "2", local_weekday = 6 },
      { external_id = "3", local_weekday = 7 }, { external_id = "4" }, { external_id = "5", local_weekday = 1 },
    }
    local asked = testkit.find("$NAME.weekend", posts)
    assert.equal("compare", asked[1].kind)
    assert.equal("pattern", asked[1].opts.writes)
    assert.same({ "weekday", "weekend", "weekend", nil, "weekday" }, asked[1].by)
  end)

  it("finds a difference that is there", function()
    local host, posts = testkit.host(), {}
    for day = 0, 139 do -- one post a day; those of the weekend get twice the likes
      local at = testkit.time("2026-01-01T12:00:00Z") + day * 86400
      local weekend = os.date("!%w", at):find("[06]") ~= nil
      posts[#posts + 1] = { platform = "$NAME", id = "post" .. day, account = "studio", published_at = at,
        views = 1000 + day % 7 * 10, likes = (weekend and 120 or 60) + day * 13 % 11, age = "7d" }
    end
    host.observe(posts)
    local found = {}
    local learnt = host.learn("$NAME.weekend", { as_of = "2026-06-01T00:00:00Z" })
    for _, one in ipairs(learnt[1].results) do found[one.label] = one end
    assert.is_true(found.weekend.effect > 0)
    assert.equal("written", found.weekend.decision)
  end)
end)
]]

local SPEC_REPORT = [[

describe("$NAME.top", function()
  it("puts the post with the most views first", function()
    local host = testkit.host()
    host.observe {
      { platform = "$NAME", id = "a", title = "An old one", views = 10, likes = 1 },
      { platform = "$NAME", id = "b", title = "A hit", views = 500, likes = 40 },
      { platform = "$NAME", id = "c", title = "Another", views = 30, likes = 3 },
    }
    local rows = host.report("$NAME.top", { limit = 2 })
    assert.same({ "A hit", "Another" }, { rows[1].title, rows[2].title })
    assert.equal(500, rows[1].views)
  end)
end)
]]

local SPEC_REPORT_LUA = [[

describe("$NAME.top without a database", function()
  it("asks for as many posts as were wanted", function()
    local ctx = testkit.ctx { answers = { { { title = "A hit", views = 500 } } } }
    local rows = testkit.report("$NAME.top", ctx, { limit = 1 })
    assert.equal("A hit", rows[1].title)
    assert.same({ 1 }, ctx.asked[1].params)
  end)
end)
]]

local function literal(v) return type(v) == "number" and tostring(v) or quoted(v) end

--- p as M.plugin takes it, and fixture, ids = list of texts, first = { { field, value } } of the first row's counts.
function M.spec(p)
  local values = { NAME = p.name, PARSER = p.parser, FIXTURE = p.fixture }
  local out = { 'local testkit = require("tidemark.testkit")\n' }
  if p.parser then
    local ids, counts = {}, {}
    for i, id in ipairs(p.ids) do ids[i] = quoted(id) end
    for _, one in ipairs(p.first) do
      counts[#counts + 1] = ("    assert.equal(%s, out.rows[1].counts.%s)\n"):format(literal(one[2]), one[1])
    end
    values.PARSE = fill(p.fixture:find("%.ndjson$") and PARSE_LINES or PARSE, values)
    values.IDS, values.COUNTS = table.concat(ids, ", "), table.concat(counts)
    out[#out + 1] = fill(SPEC_PARSER, values)
  end
  if p.rule then out[#out + 1] = fill(SPEC_RULE, values) end
  if p.report then out[#out + 1] = fill(SPEC_REPORT, values) end
  if p.report == "lua" then out[#out + 1] = fill(SPEC_REPORT_LUA, values) end
  return table.concat(out)
end

-- --- fixtures ----------------------------------------------------------------------------------------------------------------

--- A payload of a platform that does not exist, for a parser that was not given one.
M.payload = [[
{
  "kind": "$NAME#posts",
  "posts": [
    {"id": "p1", "channel_id": "c1", "title": "A first look", "published_at": "2026-03-02T10:00:00Z", "tags": ["howto"],
     "stats": {"views": 1200, "likes": 80, "comments": 7, "reach": 900}},
    {"id": "p2", "channel_id": "c1", "title": "Ten tips", "published_at": "2026-03-07T09:30:00Z", "tags": [],
     "stats": {"views": 5400, "likes": 410, "comments": 38, "reach": 4000}},
    {"id": "p3", "channel_id": "c1", "title": "Behind the scenes", "published_at": "2026-03-08T18:00:00Z", "tags": ["studio"],
     "stats": {"views": 300, "likes": 12, "comments": 0, "reach": 250}}
  ]
}
]]

function M.fill(text, name) return fill(text, { NAME = name }) end

-- --- README ------------------------------------------------------------------------------------------------------------------

local README = [[
# $NAME

$ABOUT

```
$MORE```

| file | what it is |
|---|---|
| `plugin.lua` | the plugin: one table |
$FILES| `spec/$NAME_spec.lua` | what it has to do |
$DOUBTS]]

function M.readme(p)
  local more, files, doubts = {}, {}, {}
  local function command(text, about) more[#more + 1] = ("%-48s  %s\n"):format(text, about) end
  command("tidemark plugin check " .. p.name, "mistakes, with file and line")
  command("tidemark plugin test " .. p.name, "the specs, inside the host")
  if p.parser then
    command(("tidemark plugin test %s --record"):format(p.name), "after a change that is meant: keeps the new result")
    command(("tidemark ingest --dry-run -p %s FILE"):format(p.name), "what the parser makes of a payload")
    files[#files + 1] = ("| `fixtures/%s` | a payload, as the platform sent it |\n"):format(p.fixture)
    for _, one in ipairs(p.guess.said) do
      if one.check then doubts[#doubts + 1] = ("- `%s` from `%s`%s\n"):format(one.field, one.path, one.doubt and ": "
        .. one.doubt or "") end
    end
    for _, text in ipairs(p.guess.remarks) do doubts[#doubts + 1] = "- " .. text .. "\n" end
  end
  if p.rule then
    command(("tidemark learn %s.weekend --dry-run"):format(p.name), "what the rule finds in this project's posts")
  end
  if p.report then command(("tidemark report %s.top"):format(p.name), "the report") end
  if p.report == "sql" then files[#files + 1] = "| `reports/top.sql` | the report |\n" end
  local text = fill(README:gsub("%$NAME_spec", p.name .. "_spec"), { NAME = p.name, ABOUT = p.about, MORE = table.concat(more),
    FILES = table.concat(files), DOUBTS = #doubts > 0 and "\nTo be checked, as it was guessed from one payload:\n\n"
      .. table.concat(doubts) or "" })
  return text
end

return M
