-- An invented platform's plugin, for the examples of the reference: its folder, written where a test says.

local M = {}

M.files = {
  ["plugin.lua"] = [[
return {
  name = "vidly", api = 1, about = "Videos of an invented platform.",
  config = { region = { type = "string", default = "US", about = "region code" } },
  parsers = {
    ["vidly.videos"] = {
      about = "a list of videos", match = { kind = "video#list" }, each = "items",
      post = { id = "id", title = "title", published_at = "published", tags = "tags" },
      counts = { views = "views", likes = "likes" },
    },
  },
  rules = {
    ["vidly.weekend"] = {
      about = "posts of the weekend against the others",
      find = function(posts, ctx)
        return ctx.compare(posts, {
          by = function(p) return p.local_weekday and (p.local_weekday >= 6 and "weekend" or "weekday") end,
          subject = "time_block", writes = "pattern" })
      end,
    },
  },
  reports = {
    ["vidly.top"] = {
      about = "the newest titles", args = { n = { type = "integer", default = 3, about = "how many" } },
      run = function(ctx, args)
        return ctx.db.query("SELECT title, created_at FROM content ORDER BY created_at DESC, title LIMIT $1", args.n)
      end,
    },
  },
  jobs = {
    ["vidly.tidy"] = {
      about = "writes down how many posts there are",
      run = function(ctx)
        local n = ctx.db.exec("UPDATE content SET title = title WHERE user_id = auth.uid()")
        ctx.log.info(n .. " posts")
      end,
    },
  },
}
]],
  ["fixtures/videos.ndjson"] = [[
{"kind":"video#list","items":[{"id":"v3","views":1}]}
{"kind":"video#list","items":[{"id":"v4","views":2}]}
]],
  ["fixtures/videos.json"] = [[
{"kind": "video#list", "items": [
  {"id": "v1", "title": "First", "published": "2026-03-01T10:00:00Z", "tags": ["howto"], "views": "1200", "likes": 30},
  {"id": "v2", "title": "Second", "published": "2026-03-02T10:00:00Z", "views": 300, "likes": null}]}
]],
  ["fixtures/totals.golden.json"] = '{\n  "views": 1500\n}\n',
}

--- Writes the plugin into DIR/vidly and gives that folder.
---@param dir string
---@param more table<string, string>? further files
---@return string
function M.write(dir, more)
  local folder = dir .. "/vidly"
  os.execute(("mkdir -p '%s/fixtures' '%s/spec'"):format(folder, folder))
  for _, files in ipairs { M.files, more or {} } do
    for name, text in pairs(files) do
      local f = assert(io.open(folder .. "/" .. name, "wb"))
      f:write(text)
      f:close()
    end
  end
  return folder
end

return M
