-- Batch answers: an array of {code, headers, body}, the body a JSON text of its own; null where the request took too long.

local M = {}

local function is_entry(v)
  if v == json.null then return true end
  return json.kind(v) == "object" and json.kind(v.code) == "number" and v.id == nil
    and (json.kind(v.body) == "string" or v.body == json.null or json.kind(v.body) == "object")
end

function M.is_batch(doc)
  if json.kind(doc) ~= "array" or #doc == 0 then return false end
  local answers = 0
  for _, v in ipairs(doc) do
    if not is_entry(v) then return false end
    if v ~= json.null then answers = answers + 1 end
  end
  return answers > 0
end

-- The body as a document; nil and why where it is none.
local function body_of(entry)
  if json.kind(entry.body) ~= "string" then return entry.body end
  local ok, body = pcall(json.decode, entry.body)
  if ok then return body end
  return nil, tostring(body)
end

-- Why an answer holds nothing: the platform's own code, else the status. Inner failures come with status 200 outside.
local function failure(entry, body)
  local code = json.get(body, "error.code")
  if json.kind(code) == "number" then return "error_" .. tostring(code) end
  if json.get(body, "error") ~= nil then return "error" end
  return entry.code >= 400 and "error_" .. tostring(entry.code) or nil
end

-- Gives each good body to take(body). A failed answer is no item to keep: it is counted under its code.
function M.each(doc, out, take)
  for _, entry in ipairs(doc) do
    if entry == json.null then
      out.skip("timeout")
    else
      local body, why = body_of(entry)
      local failed = failure(entry, body)
      if failed then
        out.skip(failed)
      elseif why then
        out.bad("bad_body", "the body of this answer is no JSON: " .. why, entry)
      elseif json.kind(body) == "object" or json.kind(body) == "array" then
        take(body)
      else
        out.skip("reference") -- "true": something was deleted or liked
      end
    end
  end
end

return M
