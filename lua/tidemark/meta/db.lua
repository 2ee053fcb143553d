---@meta

--- The database, as the owner: row level security shows the owner's rows and no others. One statement at a time (SELECT,
--- WITH, VALUES, TABLE, INSERT, UPDATE, DELETE, MERGE, EXPLAIN), values as parameters $1, $2, … only, never put into the
--- text.
---
--- Parameters: nil and json.null are NULL, integers int8, floats float8, booleans bool, texts whatever the statement needs
--- there, lists arrays. `array`, `json`, `bytes`, `numeric`, `uuid` and `time` make those that need to be told apart.
---
--- Results: NULL is nil; int2, int4, int8 integers; float4, float8 floats (NaN and infinities too); numeric an integer where
--- it is whole and fits, else a tidemark.Numeric with its exact digits; timestamptz (and timestamp, read as UTC) seconds
--- since 1970, exact to the microsecond, integers where whole (before 1833 and after 2106 the text, if the float would lose
--- microseconds), infinities math.huge; json and jsonb as json.decode makes them; arrays lists with json.null for NULL; bytea
--- its bytes; bool booleans; all else (date, uuid, interval, inet, …) text.
---@class tidemark.Db: tidemark.Sql
local db = {}

--- The statements; `tx` of ctx.db.tx has them as well.
---@class tidemark.Sql
local sql = {}

--- All rows of a statement.
---
--- Units: what each type becomes stands above; `rows.columns` are the names in their order.
--- Errors: raises an error object: kind "sql" with sqlstate and code where the statement fails, "usage" for parameters that
--- cannot be one and for two columns of one name, "budget" beyond limits.rows.
---
--- ```lua
--- local rows = ctx.db.query("SELECT n, n * $2 AS double FROM generate_series(1, $1) n", 3, 2)
--- assert(#rows == 3 and rows[3].double == 6 and rows.columns[1] == "n")
--- ```
---@param statement string
---@param ... tidemark.Parameter
---@return rows.List
function sql.query(statement, ...) end

--- The only row, or nil where there is none.
---
--- Errors: as query; raises (code "too_many_rows") where there are several.
---
--- ```lua
--- local row = ctx.db.one("SELECT 1 AS n WHERE $1", true)
--- assert(row.n == 1 and ctx.db.one("SELECT 1 AS n WHERE $1", false) == nil)
--- ```
---@param statement string
---@param ... tidemark.Parameter
---@return rows.Row?
function sql.one(statement, ...) end

--- The first column of the only row, or nil where there is no row.
---
--- Errors: as one.
---
--- ```lua
--- assert(ctx.db.value("SELECT count(*) FROM generate_series(1, 10)") == 10)
--- ```
---@param statement string
---@param ... tidemark.Parameter
---@return any
function sql.value(statement, ...) end

--- Row by row, in bounded memory: for results that are too large to hold. The loop's end closes it, also by break and by an
--- error.
---
--- Errors: as query, when the rows come.
---
--- ```lua
--- local sum = 0
--- for row in ctx.db.each("SELECT n FROM generate_series(1, 1000) n") do sum = sum + row.n end
--- assert(sum == 500500)
--- ```
---@param statement string
---@param ... tidemark.Parameter
---@return fun(): rows.Row?
function sql.each(statement, ...) end

--- Runs a statement that writes, and commits it (inside of tx: with the transaction). For jobs, collectors and scripts.
---
--- Units: how many rows it touched.
--- Errors: as query; raises in a report or a rule, which only read.
---
--- ```lua
--- local touched = ctx.db.exec("UPDATE content SET title = title WHERE title = $1", "nothing is called so")
--- assert(touched == 0)
--- ```
---@param statement string
---@param ... tidemark.Parameter
---@return integer touched
function sql.exec(statement, ...) end

--- A transaction: commits when the function returns, rolls back when it raises. Inside, `tx` has query, one, value, each and
--- exec. Changes of ctx.state so far are kept by the same commit. There is none inside another.
---
--- Errors: raises what the function raised; where the commit itself fails, kind "sql", or "lost" where nobody knows whether
--- it happened; raises too where an error of a statement was caught inside: nothing of such a transaction is kept.
---
--- ```lua
--- local n = ctx.db.tx(function(tx)
---   tx.exec("UPDATE content SET title = title WHERE user_id = auth.uid()")
---   return tx.value("SELECT count(*) FROM content")
--- end, { isolation = "repeatable read" })
--- assert(math.type(n) == "integer")
--- ```
---@param f fun(tx: tidemark.Sql): any ...
---@param options? { isolation?: "read committed"|"repeatable read"|"serializable" }
---@return any ... what the function returned
function db.tx(f, options) end

--- A list as an array of a type ("text", "integer", "int8", "float8", "boolean", "timestamptz", "uuid", …), also an empty
--- one.
---
--- Errors: raises for an unknown type and for what is no list; json.null inside is NULL.
---
--- ```lua
--- assert(ctx.db.value("SELECT cardinality($1)", ctx.db.array({ "a", "b" }, "text")) == 2)
--- ```
---@param list any[]
---@param type string
---@return tidemark.TypedParameter
function db.array(list, type) end

--- A value as jsonb.
---
--- Errors: raises as json.encode does.
---
--- ```lua
--- assert(ctx.db.value("SELECT $1 ->> 'a'", ctx.db.json({ a = "b" })) == "b")
--- ```
---@param value any
---@return tidemark.TypedParameter
function db.json(value) end

--- A text's bytes as bytea.
---
--- Errors: raises for what is no text.
---
--- ```lua
--- assert(ctx.db.value("SELECT length($1)", ctx.db.bytes("\0\1\2")) == 3)
--- ```
---@param bytes string
---@return tidemark.TypedParameter
function db.bytes(bytes) end

--- An exact decimal as numeric: a text, an integer or a tidemark.Numeric.
---
--- Units: the value's own, digit for digit.
--- Errors: raises for a text that is no decimal.
---
--- ```lua
--- local sum = ctx.db.value("SELECT $1 + 0.10", ctx.db.numeric("12.20"))
--- assert(tostring(sum) == "12.30" and sum:tonumber() == 12.3)
--- ```
---@param value string|number|tidemark.Numeric
---@return tidemark.Numeric
function db.numeric(value) end

--- A text as uuid.
---
--- Errors: raises for a text that is none.
---
--- ```lua
--- assert(ctx.db.value("SELECT $1::text", ctx.db.uuid("00000000-0000-4000-8000-000000000001")):sub(-1) == "1")
--- ```
---@param text string
---@return tidemark.TypedParameter
function db.uuid(text) end

--- An instant as timestamptz: seconds since 1970, or a text in ISO 8601 (without an offset: UTC).
---
--- Units: seconds, to the microsecond; math.huge and -math.huge are PostgreSQL's infinities.
--- Errors: raises for what is no instant.
---
--- ```lua
--- assert(ctx.db.value("SELECT $1", ctx.db.time("2024-01-02T03:04:05.678901Z")) == 1704164645.678901)
--- assert(ctx.db.value("SELECT $1", ctx.db.time(1704164645)) == 1704164645)
--- ```
---@param instant number|string
---@return tidemark.TypedParameter
function db.time(instant) end

---@class tidemark.TypedParameter a parameter that says its type, made by ctx.db's functions
---@alias tidemark.Parameter nil|boolean|number|string|any[]|tidemark.Numeric|tidemark.TypedParameter

--- An exact decimal. `tostring` gives its digits as PostgreSQL has them ("12.30"). + - * with numerics and integers are
--- exact, comparisons too; with floats, and by / // % ^, the result is a float. A whole one that fits comes as an integer and
--- not as this.
---@class tidemark.Numeric
---@operator add(any): any
---@operator sub(any): any
---@operator mul(any): any
---@operator div(any): number
---@operator unm: tidemark.Numeric
local numeric = {}

--- The number: an integer where it is whole and fits, else the nearest float.
---
--- Units: the value's own.
--- Errors: never.
---
--- ```lua
--- assert(ctx.db.value("SELECT 12.50"):tonumber() == 12.5)
--- ```
---@return number
function numeric:tonumber() end
