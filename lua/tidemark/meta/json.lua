---@meta

--- JSON and the documents of parsers: the table `json` of a plugin's sandbox.
---
--- A document that a parser gets is a view: it can be indexed (arrays from 1), `#`, `ipairs` and `pairs` work, nothing is
--- copied. What `json.decode` gives are Lua tables of your own. In both, null is `json.null`, which is not nil: null is not
--- absent. Integers of more than 15 digits are texts of their digits, so that no id is rounded.
---@class tidemark.json
---@field null userdata null; the only value that equals it is itself
local json = {}

--- Lua values as JSON text: tables with elements 1 … n, and those marked by json.array, are arrays, others objects with their
--- keys sorted, so that equal values give equal text. nil members are left out, nil itself and json.null are null.
---
--- Errors: raises for functions, coroutines, NaN and infinities, lists with holes, tables with numbers and texts as keys, and
--- for more than 64 levels or 16 MiB.
---
--- ```lua
--- assert(json.encode({ b = 1, a = { 1, 2.5, json.null } }) == '{"a":[1,2.5,null],"b":1}')
--- assert(json.encode({}) == "{}" and json.encode(json.array({})) == "[]")
--- ```
---@param value any
---@return string text
function json.encode(value) end

--- JSON text as Lua tables. Strict: RFC 8259 and UTF-8, at most 16 MiB, 500,000 values, 64 levels. Of duplicate keys the last
--- stays.
---
--- Errors: raises with line and column of what is wrong.
---
--- ```lua
--- local v = json.decode('{"a": [1, null], "id": 7777777777777777777}')
--- assert(v.a[1] == 1 and v.a[2] == json.null and v.id == "7777777777777777777")
--- local ok, why = pcall(json.decode, "{]")
--- assert(not ok and tostring(why):find("json.decode"))
--- ```
---@param text string
---@return any
function json.decode(text) end

--- The value at a path ("a.b.0": names joined by dots, elements from 0), or nil where any step is not there.
---
--- Errors: raises where the path is no text; never because of the document.
---
--- ```lua
--- local v = json.decode('{"items": [{"id": "x"}]}')
--- assert(json.get(v, "items.0.id") == "x" and json.get(v, "items.7.id") == nil)
--- ```
---@param value any a view, or a Lua table
---@param path string
---@return any
function json.get(value, path) end

--- What a value is: "object", "array", "string", "number", "boolean", "null", or "absent" for nil.
---
--- Errors: raises for what cannot stand in a document (a function, another userdata).
---
--- ```lua
--- assert(json.kind(json.null) == "null" and json.kind(nil) == "absent" and json.kind({ 1 }) == "array")
--- ```
---@param value any
---@return "object"|"array"|"string"|"number"|"boolean"|"null"|"absent"
function json.kind(value) end

--- Marks a table as an array, so that it is `[]` also when it is empty, and returns it.
---
--- Errors: raises for what is no table.
---
--- ```lua
--- assert(json.encode({ tags = json.array({}) }) == '{"tags":[]}')
--- ```
---@generic T
---@param list T[]
---@return T[]
function json.array(list) end
