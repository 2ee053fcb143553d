-- Facts of a caption, and the little that Lua lacks for text in UTF-8. Pure Lua, no state but memory of what was looked up.
--
-- How: every character that is not ASCII becomes one ASCII byte that says what kind it is (an "é" an a, a Greek letter \1 or
-- \2, an emoji \18), so that all counting is done by Lua's own patterns, at their speed.

local M = {}

-- --- kinds of characters ---------------------------------------------------------------------------------------------------

-- Kinds that are not letters of the Latin script; 9 to 13 are blanks and stay free.
local GREEK_UP, GREEK, CYRILLIC_UP, CYRILLIC, ARABIC, HEBREW, DEVANAGARI = "\1", "\2", "\3", "\4", "\5", "\6", "\7"
local HAN, KANA, HANGUL, OTHER = "\14", "\15", "\16", "\17"
local EMOJI, PICTOGRAPH, REGIONAL, TONE, JOINER, AS_EMOJI = "\18", "\19", "\20", "\21", "\22", "\23"
local NOTHING, KEYCAP, TAG, MARK, AS_TEXT = "\24", "\25", "\26", "\27", "\28"
local LETTERS = "%a\1-\7\14-\17" -- for use in a set

-- From, to, kind: sorted, of Unicode 16. What lies between is NOTHING. Emoji are the characters with Emoji_Presentation, and
-- from U+1F300 on all pictographs; ☺ ♥ ❤ count as they are, having been typed without a variation selector for years.
-- PICTOGRAPH are the others, which become emoji by U+FE0F.
local RANGES = {
  { 0xA0, 0xA0, " " }, { 0xA1, 0xA1, "!" }, { 0xA9, 0xA9, PICTOGRAPH }, { 0xAA, 0xAA, "a" }, { 0xAE, 0xAE, PICTOGRAPH },
  { 0xB5, 0xB5, GREEK }, { 0xBA, 0xBA, "a" }, { 0xBF, 0xBF, "?" }, { 0xC0, 0xD6, "a" }, { 0xD8, 0xF6, "a" },
  { 0xF8, 0x2AF, "a" }, { 0x300, 0x36F, MARK }, { 0x370, 0x373, GREEK }, { 0x376, 0x377, GREEK }, { 0x37B, 0x37D, GREEK },
  { 0x37F, 0x37F, GREEK }, { 0x386, 0x386, GREEK }, { 0x388, 0x3FF, GREEK }, { 0x400, 0x481, CYRILLIC },
  { 0x483, 0x487, MARK }, { 0x48A, 0x52F, CYRILLIC }, { 0x531, 0x556, OTHER }, { 0x561, 0x587, OTHER },
  { 0x591, 0x5BD, MARK }, { 0x5D0, 0x5F4, HEBREW }, { 0x610, 0x61A, MARK }, { 0x61F, 0x61F, "?" }, { 0x620, 0x63F, ARABIC },
  { 0x641, 0x64A, ARABIC }, { 0x64B, 0x65F, MARK }, { 0x660, 0x669, "0" }, { 0x66E, 0x66F, ARABIC }, { 0x670, 0x670, MARK },
  { 0x671, 0x6D3, ARABIC }, { 0x6D5, 0x6D5, ARABIC }, { 0x6D6, 0x6ED, MARK }, { 0x6EE, 0x6EF, ARABIC }, { 0x6F0, 0x6F9, "0" },
  { 0x6FA, 0x6FC, ARABIC }, { 0x700, 0x74F, OTHER }, { 0x750, 0x77F, ARABIC }, { 0x780, 0x89F, OTHER },
  { 0x8A0, 0x8C9, ARABIC }, { 0x8CA, 0x8FF, MARK }, { 0x900, 0x963, DEVANAGARI }, { 0x966, 0x96F, "0" },
  { 0x971, 0x97F, DEVANAGARI }, { 0x980, 0xE3A, OTHER }, { 0xE40, 0xE4E, OTHER }, { 0xE50, 0xE59, "0" },
  { 0xE81, 0x167F, OTHER }, { 0x1681, 0x17FF, OTHER }, { 0x1810, 0x1AAF, OTHER }, { 0x1AB0, 0x1AFF, MARK },
  { 0x1B00, 0x1C7F, OTHER }, { 0x1C80, 0x1C8A, CYRILLIC }, { 0x1C90, 0x1CBF, OTHER }, { 0x1CD0, 0x1CFF, MARK },
  { 0x1D00, 0x1DBF, "a" }, { 0x1DC0, 0x1DFF, MARK }, { 0x1E00, 0x1EFF, "a" }, { 0x1F00, 0x1FBC, GREEK },
  { 0x1FC2, 0x1FCC, GREEK }, { 0x1FD0, 0x1FDB, GREEK }, { 0x1FE0, 0x1FEC, GREEK }, { 0x1FF2, 0x1FFC, GREEK },
  { 0x2000, 0x200A, " " }, { 0x200D, 0x200D, JOINER }, { 0x2028, 0x2029, " " }, { 0x202F, 0x202F, " " },
  { 0x203C, 0x203C, PICTOGRAPH }, { 0x2049, 0x2049, PICTOGRAPH }, { 0x205F, 0x205F, " " }, { 0x20D0, 0x20DF, MARK },
  { 0x20E3, 0x20E3, KEYCAP }, { 0x2122, 0x2122, PICTOGRAPH }, { 0x2139, 0x2139, PICTOGRAPH },
  { 0x2194, 0x2199, PICTOGRAPH }, { 0x21A9, 0x21AA, PICTOGRAPH }, { 0x231A, 0x231B, EMOJI }, { 0x2328, 0x2328, PICTOGRAPH },
  { 0x23CF, 0x23CF, PICTOGRAPH }, { 0x23E9, 0x23EC, EMOJI }, { 0x23ED, 0x23EF, PICTOGRAPH }, { 0x23F0, 0x23F0, EMOJI },
  { 0x23F1, 0x23F2, PICTOGRAPH }, { 0x23F3, 0x23F3, EMOJI }, { 0x23F8, 0x23FA, PICTOGRAPH }, { 0x24C2, 0x24C2, PICTOGRAPH },
  { 0x25AA, 0x25AB, PICTOGRAPH }, { 0x25B6, 0x25B6, PICTOGRAPH }, { 0x25C0, 0x25C0, PICTOGRAPH },
  { 0x25FB, 0x25FC, PICTOGRAPH }, { 0x25FD, 0x25FE, EMOJI }, { 0x2600, 0x2604, PICTOGRAPH }, { 0x260E, 0x260E, PICTOGRAPH },
  { 0x2611, 0x2611, PICTOGRAPH }, { 0x2614, 0x2615, EMOJI }, { 0x2618, 0x2618, PICTOGRAPH }, { 0x261D, 0x261D, PICTOGRAPH },
  { 0x2620, 0x2620, PICTOGRAPH }, { 0x2622, 0x2623, PICTOGRAPH }, { 0x2626, 0x2626, PICTOGRAPH },
  { 0x262A, 0x262A, PICTOGRAPH }, { 0x262E, 0x262F, PICTOGRAPH }, { 0x2638, 0x2639, PICTOGRAPH }, { 0x263A, 0x263A, EMOJI },
  { 0x2640, 0x2640, PICTOGRAPH }, { 0x2642, 0x2642, PICTOGRAPH }, { 0x2648, 0x2653, EMOJI }, { 0x265F, 0x2660, PICTOGRAPH },
  { 0x2663, 0x2663, PICTOGRAPH }, { 0x2665, 0x2665, EMOJI }, { 0x2666, 0x2666, PICTOGRAPH }, { 0x2668, 0x2668, PICTOGRAPH },
  { 0x267B, 0x267B, PICTOGRAPH }, { 0x267E, 0x267E, PICTOGRAPH }, { 0x267F, 0x267F, EMOJI }, { 0x2692, 0x2692, PICTOGRAPH },
  { 0x2693, 0x2693, EMOJI }, { 0x2694, 0x2697, PICTOGRAPH }, { 0x2699, 0x2699, PICTOGRAPH }, { 0x269B, 0x269C, PICTOGRAPH },
  { 0x26A0, 0x26A0, PICTOGRAPH }, { 0x26A1, 0x26A1, EMOJI }, { 0x26A7, 0x26A7, PICTOGRAPH }, { 0x26AA, 0x26AB, EMOJI },
  { 0x26B0, 0x26B1, PICTOGRAPH }, { 0x26BD, 0x26BE, EMOJI }, { 0x26C4, 0x26C5, EMOJI }, { 0x26C8, 0x26C8, PICTOGRAPH },
  { 0x26CE, 0x26CE, EMOJI }, { 0x26CF, 0x26CF, PICTOGRAPH }, { 0x26D1, 0x26D1, PICTOGRAPH }, { 0x26D3, 0x26D3, PICTOGRAPH },
  { 0x26D4, 0x26D4, EMOJI }, { 0x26E9, 0x26E9, PICTOGRAPH }, { 0x26EA, 0x26EA, EMOJI }, { 0x26F0, 0x26F1, PICTOGRAPH },
  { 0x26F2, 0x26F3, EMOJI }, { 0x26F4, 0x26F4, PICTOGRAPH }, { 0x26F5, 0x26F5, EMOJI }, { 0x26F7, 0x26F9, PICTOGRAPH },
  { 0x26FA, 0x26FA, EMOJI }, { 0x26FD, 0x26FD, EMOJI }, { 0x2702, 0x2702, PICTOGRAPH }, { 0x2705, 0x2705, EMOJI },
  { 0x2708, 0x2709, PICTOGRAPH }, { 0x270A, 0x270B, EMOJI }, { 0x270C, 0x270D, PICTOGRAPH }, { 0x270F, 0x270F, PICTOGRAPH },
  { 0x2712, 0x2712, PICTOGRAPH }, { 0x2714, 0x2714, PICTOGRAPH }, { 0x2716, 0x2716, PICTOGRAPH },
  { 0x271D, 0x271D, PICTOGRAPH }, { 0x2721, 0x2721, PICTOGRAPH }, { 0x2728, 0x2728, EMOJI }, { 0x2733, 0x2734, PICTOGRAPH },
  { 0x2744, 0x2744, PICTOGRAPH }, { 0x2747, 0x2747, PICTOGRAPH }, { 0x274C, 0x274C, EMOJI }, { 0x274E, 0x274E, EMOJI },
  { 0x2753, 0x2755, EMOJI }, { 0x2757, 0x2757, EMOJI }, { 0x2763, 0x2763, PICTOGRAPH }, { 0x2764, 0x2764, EMOJI },
  { 0x2795, 0x2797, EMOJI }, { 0x27A1, 0x27A1, PICTOGRAPH }, { 0x27B0, 0x27B0, EMOJI }, { 0x27BF, 0x27BF, EMOJI },
  { 0x2934, 0x2935, PICTOGRAPH }, { 0x2B05, 0x2B07, PICTOGRAPH }, { 0x2B1B, 0x2B1C, EMOJI }, { 0x2B50, 0x2B50, EMOJI },
  { 0x2B55, 0x2B55, EMOJI }, { 0x2C00, 0x2C5F, OTHER }, { 0x2C60, 0x2C7F, "a" }, { 0x2C80, 0x2CF3, OTHER },
  { 0x2D00, 0x2DDF, OTHER }, { 0x2DE0, 0x2DFF, CYRILLIC }, { 0x2E80, 0x2FDF, HAN }, { 0x3000, 0x3000, " " },
  { 0x3005, 0x3007, HAN }, { 0x3021, 0x3029, HAN }, { 0x3030, 0x3030, PICTOGRAPH }, { 0x3038, 0x303B, HAN },
  { 0x303D, 0x303D, PICTOGRAPH }, { 0x3041, 0x3096, KANA }, { 0x3099, 0x309A, MARK }, { 0x309D, 0x309F, KANA },
  { 0x30A1, 0x30FA, KANA }, { 0x30FC, 0x30FF, KANA }, { 0x3105, 0x312F, OTHER }, { 0x3131, 0x318E, HANGUL },
  { 0x31F0, 0x31FF, KANA }, { 0x3297, 0x3297, PICTOGRAPH }, { 0x3299, 0x3299, PICTOGRAPH }, { 0x3400, 0x4DBF, HAN },
  { 0x4E00, 0x9FFF, HAN }, { 0xA000, 0xA48C, OTHER }, { 0xA4D0, 0xA63F, OTHER }, { 0xA640, 0xA66E, CYRILLIC },
  { 0xA680, 0xA69D, CYRILLIC }, { 0xA722, 0xA7FF, "a" }, { 0xA800, 0xA8DF, OTHER }, { 0xA8E0, 0xA8FF, DEVANAGARI },
  { 0xA900, 0xA95F, OTHER }, { 0xA960, 0xA97C, HANGUL }, { 0xA980, 0xAB2F, OTHER }, { 0xAB30, 0xAB64, "a" },
  { 0xAB70, 0xABFF, OTHER }, { 0xAC00, 0xD7FB, HANGUL }, { 0xF900, 0xFAD9, HAN }, { 0xFB00, 0xFB06, "a" },
  { 0xFB13, 0xFB17, OTHER }, { 0xFB1D, 0xFB4F, HEBREW }, { 0xFB50, 0xFBB1, ARABIC }, { 0xFBD3, 0xFD3D, ARABIC },
  { 0xFD50, 0xFDFC, ARABIC }, { 0xFE0E, 0xFE0E, AS_TEXT }, { 0xFE0F, 0xFE0F, AS_EMOJI }, { 0xFE20, 0xFE2F, MARK },
  { 0xFE70, 0xFEFC, ARABIC }, { 0xFF01, 0xFF01, "!" }, { 0xFF03, 0xFF03, "#" }, { 0xFF10, 0xFF19, "0" },
  { 0xFF1F, 0xFF1F, "?" }, { 0xFF20, 0xFF20, "@" }, { 0xFF21, 0xFF3A, "A" }, { 0xFF3F, 0xFF3F, "_" },
  { 0xFF41, 0xFF5A, "a" }, { 0xFF66, 0xFF9F, KANA }, { 0xFFA1, 0xFFDC, HANGUL }, { 0x10000, 0x100FF, OTHER },
  { 0x10280, 0x1CFFF, OTHER }, { 0x1D400, 0x1D7CB, "a" }, { 0x1D7CE, 0x1D7FF, "0" }, { 0x1E000, 0x1EEFF, OTHER },
  { 0x1F004, 0x1F004, EMOJI }, { 0x1F0CF, 0x1F0CF, EMOJI }, { 0x1F170, 0x1F171, PICTOGRAPH },
  { 0x1F17E, 0x1F17F, PICTOGRAPH }, { 0x1F18E, 0x1F18E, EMOJI }, { 0x1F191, 0x1F19A, EMOJI },
  { 0x1F1E6, 0x1F1FF, REGIONAL }, { 0x1F201, 0x1F202, EMOJI }, { 0x1F21A, 0x1F21A, EMOJI }, { 0x1F22F, 0x1F22F, EMOJI },
  { 0x1F232, 0x1F23A, EMOJI }, { 0x1F250, 0x1F251, EMOJI }, { 0x1F300, 0x1F3FA, EMOJI }, { 0x1F3FB, 0x1F3FF, TONE },
  { 0x1F400, 0x1F64F, EMOJI }, { 0x1F680, 0x1F6FF, EMOJI }, { 0x1F7E0, 0x1F7EB, EMOJI }, { 0x1F7F0, 0x1F7F0, EMOJI },
  { 0x1F90C, 0x1F9FF, EMOJI }, { 0x1FA70, 0x1FAFF, EMOJI }, { 0x20000, 0x323AF, HAN }, { 0xE0020, 0xE007F, TAG },
}

-- --- upper and lower case --------------------------------------------------------------------------------------------------

local LOWER = {} -- "Ä" -> "ä"
local IS_UPPER = {}

local function pair(up, low)
  LOWER[utf8.char(up)] = utf8.char(low)
  IS_UPPER[up] = true
end
local function shifted(from, to, by) for up = from, to do pair(up, up + by) end end
local function alternating(from, to) for up = from, to, 2 do pair(up, up + 1) end end

shifted(0xC0, 0xD6, 32)
shifted(0xD8, 0xDE, 32)
alternating(0x100, 0x12E)
pair(0x130, 0x69) -- İ
alternating(0x132, 0x136)
alternating(0x139, 0x147)
alternating(0x14A, 0x176)
pair(0x178, 0xFF)
alternating(0x179, 0x17D)
alternating(0x1CD, 0x1DB)
alternating(0x1DE, 0x1EE)
alternating(0x1F8, 0x21E)
alternating(0x222, 0x232)
pair(0x218, 0x219)
pair(0x386, 0x3AC)
shifted(0x388, 0x38A, 37)
pair(0x38C, 0x3CC)
shifted(0x38E, 0x38F, 63)
shifted(0x391, 0x3A1, 32)
shifted(0x3A3, 0x3AB, 32)
shifted(0x400, 0x40F, 80)
shifted(0x410, 0x42F, 32)
alternating(0x460, 0x480)
alternating(0x48A, 0x4BE)
alternating(0x4C1, 0x4CD)
alternating(0x4D0, 0x52E)
alternating(0x1E00, 0x1E94)
pair(0x1E9E, 0xDF) -- ẞ
alternating(0x1EA0, 0x1EFE)

--- Lower case: ASCII, Latin, Greek, Cyrillic; what has no case, and bytes that are no UTF-8, stay as they are.
---@param s string
---@return string
function M.lower(s)
  s = s:lower()
  if s:find("[\195-\225]") then s = s:gsub("[\195-\225][\128-\191]+", LOWER) end
  return s
end

--- The first bytes of s, at most n, cut between characters.
---@param s string UTF-8
---@param n integer bytes
---@return string
function M.cut(s, n)
  if #s <= n then return s end
  while n > 0 and s:byte(n + 1) & 0xC0 == 0x80 do n = n - 1 end
  return s:sub(1, n)
end

--- The same text with U+FFFD for every byte that is no UTF-8.
---@param s string
---@return string
function M.clean(s)
  if utf8.len(s) then return s end
  local parts, from = {}, 1
  while from <= #s do
    local ok, bad = utf8.len(s, from)
    if ok then break end
    parts[#parts + 1] = s:sub(from, bad - 1)
    parts[#parts + 1] = "\u{FFFD}"
    from = bad + 1
  end
  parts[#parts + 1] = s:sub(from)
  return table.concat(parts)
end

-- --- a text as its kinds ---------------------------------------------------------------------------------------------------

local CASES = { a = "A", [GREEK] = GREEK_UP, [CYRILLIC] = CYRILLIC_UP }

local function kind_of(char)
  local c = utf8.codepoint(char)
  local low, high = 1, #RANGES
  while low < high do
    local middle = (low + high) // 2
    if RANGES[middle][2] < c then low = middle + 1 else high = middle end
  end
  local range = RANGES[low]
  if c < range[1] or c > range[2] then return NOTHING end
  local kind = range[3]
  return IS_UPPER[c] and CASES[kind] or kind
end

-- What was looked up is remembered, up to a size that no language needs.
local REMEMBERED_MAX, remembered = 20000, 0
local KIND = setmetatable({}, { __index = function(kinds, char)
  local kind = kind_of(char)
  if remembered < REMEMBERED_MAX then
    remembered = remembered + 1
    kinds[char] = kind
  end
  return kind
end })

-- One byte a character.
local function shape_of(s)
  if s:find("[%z\1-\8\14-\31\127]") then s = s:gsub("[%z\1-\8\14-\31\127]", NOTHING) end
  if s:find("[\128-\255]") then s = s:gsub("[\194-\244][\128-\191]+", KIND) end
  return s
end

local function count(s, pattern)
  local _, n = s:gsub(pattern, "")
  return n
end

-- --- emoji -----------------------------------------------------------------------------------------------------------------

local EMOJI_STEPS = {
  { "[0-9#*]\23?\25", EMOJI },  -- a keycap
  { "[\18\19]\23", EMOJI },     -- asked for as emoji …
  { "\18\28", NOTHING },        -- … and as text
  { "[\18\19]\21", EMOJI },     -- with its skin tone
  { "\21", EMOJI },             -- a skin tone by itself
  { "\18\26+", EMOJI },         -- a flag of a region, spelled in tags
  { "\20\20", EMOJI },          -- a flag, of two letters
  { "\22[\18\19]", "" },        -- what is joined to the one before is one with it
}

local function count_emoji(shape)
  if not shape:find("[\18-\21\25]") then return 0 end
  for _, step in ipairs(EMOJI_STEPS) do shape = shape:gsub(step[1], step[2]) end
  return count(shape, EMOJI)
end

-- --- links, mentions, hashtags ---------------------------------------------------------------------------------------------

-- Each gives the text without them, and how many there were.
local function take_links(shape)
  local scheme, www, path = 0, 0, 0
  if shape:find("://", 1, true) then shape, scheme = shape:gsub("[Hh][Tt][Tt][Pp][Ss]?://[!-~]+", " ") end
  if shape:find("[Ww]%.") then shape, www = shape:gsub("%f[%w][Ww][Ww][Ww]%.[%w-]+%.[!-~]+", " ") end
  if shape:find("%.%a%a+/") then -- example.com/path
    shape, path = shape:gsub("%f[%w.@/_-][%w-][%w.-]*%.%a%a+/[!-~]*", " ")
  end
  return shape, scheme + www + path
end

-- sign and name at places where before(the byte before, where the last one ended) lets them begin.
local function take(shape, sign, pattern, is_name, may_begin)
  if not shape:find(sign, 1, true) then return shape, 0 end
  local n, last = 0, 0
  shape = shape:gsub(pattern, function(from, name, after)
    local before = from > 1 and shape:sub(from - 1, from - 1) or " "
    if not name:find(is_name) or not (from == last or may_begin(before)) then return nil end
    n, last = n + 1, after
    return " "
  end)
  return shape, n
end

local function take_mentions(shape)
  return take(shape, "@", "()@([%w_.\1-\7\14-\17]+)()", "[%w\1-\7\14-\17]", function(b) return not b:find("[%w_.@/]") end)
end

local function take_hashtags(shape)
  return take(shape, "#", "()#([%w_\1-\7\14-\18\27]+)()", "[" .. LETTERS .. "]", function(b) return not b:find("[%w_&/]") end)
end

-- --- words and scripts -----------------------------------------------------------------------------------------------------

local function count_words(shape)
  local n = 0
  if shape:find("[\14\15]") then
    for run in shape:gmatch("[\14\15]+") do n = n + (#run + 1) // 2 end
    shape = shape:gsub("[\14\15]+", " ")
  end
  for piece in shape:gmatch("%S+") do
    if piece:find("[%w\1-\7\16\17]") then n = n + 1 end
  end
  return n
end

local SCRIPTS = {
  { "latin", "%a" }, { "cyrillic", "[\3\4]" }, { "greek", "[\1\2]" }, { "arabic", "\5" }, { "hebrew", "\6" },
  { "devanagari", "\7" }, { "han", HAN }, { "kana", KANA }, { "hangul", HANGUL }, { "other", OTHER },
}

local function main_script(shape)
  if not shape:find("[\1-\7\14-\17]") then return shape:find("%a") and "latin" or nil end
  local n, best = {}, nil
  for _, script in ipairs(SCRIPTS) do
    n[script[1]] = count(shape, script[2])
    if n[script[1]] > (best and n[best] or 0) then best = script[1] end
  end
  local japanese = n.han + n.kana
  if (best == "han" or best == "kana") and n.kana * 10 >= japanese then return "kana" end
  return best
end

local function uppercase_share(shape)
  local up, low = count(shape, "[A-Z\1\3]"), count(shape, "[a-z\2\4]")
  return up + low > 0 and up / (up + low) or nil
end

-- --- calls to action -------------------------------------------------------------------------------------------------------

-- Words as they are written, in lower case, apostrophes and hyphens as blanks. A phrase counts where its words stand together.
local CALLS = {
  en = [[follow me|follow us|follow for|follow along|follow my|follow our|subscribe|like and share|like and subscribe
like and follow|like this|comment below|comment down below|comment your|leave a comment|drop a comment|let me know|let us know
tell me|tell us|tag a friend|tag someone|tag your|share this|share with|save this|save it for later|save for later|link in bio
link in my bio|link in our bio|link in the bio|link below|click the link|tap the link|click here|swipe up|swipe left
swipe right|check out|check it out|sign up|shop now|buy now|order now|get yours|join us|join now|dm me|dm us
turn on notifications|hit the bell|watch now|watch the full|read more|learn more|find out more|download now|book now
register now|try it|try this|don t miss|dont miss|double tap|stay tuned|vote now|click link]],
  de = [[folge mir|folgt mir|folge uns|folgt uns|abonniere|abonniert|abonnieren|kommentiere|kommentiert|schreib mir
schreibt mir|schreib uns|schreibt uns|schreib es in die kommentare|schreibt es in die kommentare|schreib in die kommentare
schreibt in die kommentare|sag mir|sagt mir|sagt uns|markiere|markiert|teile diesen|teilt diesen|teile das|teilt das
teile es|teilt es|speichere dir|speicher dir|speichert euch|link in der bio|link in meiner bio|link in unserer bio|klick auf
klicke auf|klickt auf|klick den link|klickt den link|jetzt kaufen|jetzt bestellen|jetzt ansehen|jetzt anmelden|jetzt sichern
mach mit|macht mit|mehr erfahren|schau vorbei|schaut vorbei|lass ein like|lasst ein like|lass ein abo|lasst ein abo
nicht verpassen|verpasst nicht|verpasse nicht|melde dich an|meldet euch an]],
  es = [[sígueme|sigueme|síguenos|siguenos|suscríbete|suscribete|suscríbanse|comenta|comenten|comparte|compartan|etiqueta a
guarda este|guarda esta|dale like|dale me gusta|haz clic|enlace en la bio|enlace en mi bio|enlace en bio|link en la bio
link en mi bio|link en bio|cuéntame|cuentame|cuéntanos|cuentanos|dime en|dinos|déjame un|dejame un|deja un comentario
no te lo pierdas|compra ahora|regístrate|registrate|únete|unete|descarga ahora|descubre más|descubre mas|más información
activa la campanita]],
  fr = [[abonne toi|abonnez vous|suis moi|suivez moi|suivez nous|commente|commentez|partage cette|partage ce|partagez
identifie un|identifie une|identifiez un|identifiez une|tague un|tague une|taguez|enregistre ce|enregistre cette|enregistrez
likez|like et abonne|lien en bio|lien dans la bio|lien dans ma bio|lien dans notre bio|clique sur|cliquez|dis moi|dites moi
dites nous|inscris toi|inscrivez vous|rejoins nous|rejoignez nous|achetez|découvrez|decouvrez|en savoir plus|ne manquez pas
ne manque pas|ne ratez pas|ne rate pas|active la cloche|activez la cloche]],
  pt = [[siga me|me siga|siga nos|siga o perfil|me segue|inscreva se|se inscreva|se inscreve|comente|comenta aqui|compartilhe
compartilha|partilha|partilhe|marque um|marque uma|marca um|marca uma|salve este|salva este|salve esse|salva esse
salve para|deixe seu|deixa o like|deixe o like|curta e|link na bio|clique no|clique em|clique aqui|conta pra mim|me conta
me conte|conte nos|compre agora|cadastre se|saiba mais|não perca|nao perca|ative o sininho|ativa o sininho]],
}

local BY_FIRST_WORD = {}
for _, list in pairs(CALLS) do
  for phrase in list:gmatch("[^|\n]+") do
    local first = phrase:match("^%S+")
    BY_FIRST_WORD[first] = BY_FIRST_WORD[first] or {}
    table.insert(BY_FIRST_WORD[first], " " .. phrase .. " ")
  end
end

local function calls_to_action(s)
  s = M.lower(s)
  if s:find("[\128-\255]") then -- signs that are no letters of these languages part words
    s = s:gsub("\194[\128-\191]", " "):gsub("\226[\128-\191][\128-\191]", " "):gsub("\239\184\143", " ")
    s = s:gsub("[\240-\244][\128-\191]+", " ")
  end
  local line
  for word in s:gmatch("[%w_\128-\255]+") do
    local phrases = BY_FIRST_WORD[word]
    if phrases then
      line = line or " " .. s:gsub("[^%w_\128-\255]+", " ") .. " "
      for _, phrase in ipairs(phrases) do
        if line:find(phrase, 1, true) then return true end
      end
    end
  end
  return false
end

-- --- facts -----------------------------------------------------------------------------------------------------------------

---@class tidemark.TextFacts
---@field length integer characters (code points), blanks too; a byte that is no UTF-8 counts as one
---@field words integer pieces between blanks that hold a letter or digit; of Han and kana two characters are a word (rounded
---  up for each run). Links, mentions and hashtags are no words
---@field hashtags integer # or ＃ and letters, digits, _, at least one letter; not inside a word ("C#", "a#b") or an entity
---  of HTML. "#a#b" are two
---@field mentions integer @ or ＠ and a name; not an e-mail address
---@field links integer http:// and https://, www.…, and domain.tld/…
---@field emoji integer as a person sees them: a ZWJ sequence, a skin tone with what it colours, a flag and a keycap are one
---  each; © ✔ ☀ and the like only with U+FE0F behind them
---@field question integer 1: a question mark ? ¿ ؟ ？ outside of links; else 0
---@field exclamation integer 1: ! ¡ ！ outside of links; else 0
---@field call_to_action integer 1: one of the phrases of `calls`; else 0
---@field uppercase_share number|nil upper case among letters that have a case, 0 to 1, without links and mentions; nil: none
---@field script string|nil the script of most letters (latin, cyrillic, greek, arabic, hebrew, devanagari, han, kana, hangul,
---  other), without links and mentions; kana where at least a tenth of Han and kana is kana (Japanese); nil: no letters

--- Facts of a caption.
---@param caption string|nil any bytes; nil: unknown, and so are its facts
---@return tidemark.TextFacts|nil
function M.facts(caption)
  if caption == nil then return nil end
  local s = M.clean(caption)
  local shape = shape_of(s)
  local length, emoji = #shape, count_emoji(shape)
  local rest, links, mentions, hashtags
  rest, links = take_links(shape)
  local question, exclamation = rest:find("?", 1, true), rest:find("!", 1, true)
  rest, mentions = take_mentions(rest)
  local share, script = uppercase_share(rest), main_script(rest)
  rest, hashtags = take_hashtags(rest)
  return {
    length = length, words = count_words(rest), hashtags = hashtags, mentions = mentions, links = links, emoji = emoji,
    question = question and 1 or 0, exclamation = exclamation and 1 or 0,
    call_to_action = calls_to_action(s) and 1 or 0, uppercase_share = share, script = script,
  }
end

--- The phrases that are calls to action, by language (en, de, es, fr, pt), one list each.
---@type table<string, string[]>
M.calls = {}
for language, list in pairs(CALLS) do
  M.calls[language] = {}
  for phrase in list:gmatch("[^|\n]+") do table.insert(M.calls[language], phrase) end
end

return M
