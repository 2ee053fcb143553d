-- lua5.4 generate.lua ROWS [SEED [BAD_PERCENT]] >FILE: answers of a YouTube-like API as NDJSON, 50 videos each, about 1.5 KB a video.
--
-- ROWS / 10 videos are observed ten times, six hours apart, as a collector sees them: all videos, then all again. The same seed makes
-- the same bytes. BAD_PERCENT of the items have lost their id.

local rows, seed, bad = tonumber(arg[1]), tonumber(arg[2] or 7), tonumber(arg[3] or 0)
local ROUNDS, EACH, CHANNELS = 10, 50, 40
assert(rows and rows % (ROUNDS * EACH) == 0, "ROWS: a multiple of 500")
math.randomseed(seed, 20260301)

local words = {}
for w in ([[bread oven morning light rain street paper window quiet river garden stone winter letter market copper salt honey
  travel build repair answer lesson kitchen camera story record number silver summer night bridge island forest mountain]]):gmatch("%a+") do
  words[#words + 1] = w
end

local function text(n)
  local out = {}
  for i = 1, n do out[i] = words[math.random(#words)] end
  return table.concat(out, " ")
end

local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
local function id_of(n, i)
  local out = {}
  for k = 1, n do
    local at = k <= 4 and i % 64 or math.random(0, 63)
    i = k <= 4 and i // 64 or i
    out[k] = alphabet:sub(at + 1, at + 1)
  end
  return table.concat(out)
end

local channels = {}
for i = 1, CHANNELS do channels[i] = "UC" .. id_of(22, i) end

-- All of a video but its counts: made once, as it does not change.
local function video(i)
  local id, channel = id_of(11, i), channels[math.random(CHANNELS)]
  local tags = {}
  for k = 1, math.random(3, 8) do tags[k] = ('"%s %s"'):format(words[math.random(#words)], words[math.random(#words)]) end
  local picture = ([["%s":{"url":"https://i.ytimg.example/vi/]] .. id .. [[/%s.jpg","width":%d,"height":%d}]])
  local head = ([[{"kind":"youtube#video","etag":"%s"]]):format(id_of(27, i))
  local tail = ([[,"snippet":{"publishedAt":"2026-%02d-%02dT%02d:%02d:%02dZ","channelId":"%s","title":"%s","description":"%s",]]
    .. [["thumbnails":{%s,%s,%s},"channelTitle":"%s","tags":[%s],"categoryId":"%d","liveBroadcastContent":"none","defaultAudioLanguage":"en",]]
    .. [["localized":{"title":"a title","description":"a description"}},"contentDetails":{"duration":"PT%dM%dS","dimension":"2d",]]
    .. [["definition":"hd","caption":"false","licensedContent":true,"contentRating":{},"projection":"rectangular"},"statistics":{]]):format(
    math.random(1, 2), math.random(1, 28), math.random(0, 23), math.random(0, 59), math.random(0, 59), channel, text(math.random(4, 9)),
    text(math.random(52, 80)):gsub(" ", "\\n", 2), picture:format("default", "default", 120, 90),
    picture:format("medium", "mqdefault", 320, 180), picture:format("high", "hqdefault", 480, 360), text(2),
    table.concat(tags, ","), math.random(1, 29), math.random(0, 40), math.random(0, 59))
  return { head = head, id = id, tail = tail, views = math.random(100, 400000), rate = math.random() }
end

local function item(v)
  v.views = v.views + math.floor(v.rate * v.rate * 9000)
  local id = bad > 0 and math.random() * 100 < bad and "" or (',"id":"%s"'):format(v.id)
  return ([[%s%s%s"viewCount":"%d","likeCount":"%d","favoriteCount":"0","commentCount":"%d"}}]]):format(
    v.head, id, v.tail, v.views, v.views // 31, v.views // 409)
end

local videos = {}
for i = 1, rows // ROUNDS do videos[i] = video(i) end

io.stdout:setvbuf("full", 1 << 20)
local start <const> = 1772323200 -- 2026-03-01
for round = 0, ROUNDS - 1 do
  for first = 1, #videos, EACH do
    local items = {}
    for i = first, first + EACH - 1 do items[#items + 1] = item(videos[i]) end
    local at = start + round * 6 * 3600 + first // EACH
    io.stdout:write(([[{"platform":"youtube","url":"https://youtube.example/v3/videos?part=snippet,contentDetails,statistics",]]
      .. [["status":200,"fetched_at":"%s","body":{"kind":"youtube#videoListResponse","etag":"%s","items":[%s],]]
      .. [["pageInfo":{"totalResults":50,"resultsPerPage":50}}}]]):format(os.date("!%Y-%m-%dT%H:%M:%SZ", at), id_of(27, at),
      table.concat(items, ",")), "\n")
  end
end
