-- Pages of words and tables, as Markdown or as plain text. A page is a list of blocks:
-- { "heading", level, text } | { "text", text } | { "lines", { text, … } } | { "code", text } | { "table", head, rows }.
-- In texts `…` is a name or a value: Markdown keeps the marks, plain text goes without.

local M = {}

local function width(text)
  return utf8.len(text) or #text
end

local function plain(text)
  return (text:gsub("`", ""))
end

-- --- Markdown ------------------------------------------------------------------------------------------------------------

local md = {}

function md.heading(out, level, text) out[#out + 1] = ("#"):rep(level) .. " " .. text end

function md.text(out, text) out[#out + 1] = text end

function md.lines(out, list)
  local items = {}
  for i, line in ipairs(list) do items[i] = "- " .. line end
  out[#out + 1] = table.concat(items, "\n")
end

function md.code(out, text) out[#out + 1] = "```lua\n" .. text .. "\n```" end

function md.table(out, head, rows)
  local lines = { "| " .. table.concat(head, " | ") .. " |", "|" .. ("---|"):rep(#head) }
  for _, row in ipairs(rows) do
    local cells = {}
    for i, cell in ipairs(row) do cells[i] = cell:gsub("|", "\\|"):gsub("\n", " ") end
    lines[#lines + 1] = "| " .. table.concat(cells, " | ") .. " |"
  end
  out[#out + 1] = table.concat(lines, "\n")
end

-- --- plain text ----------------------------------------------------------------------------------------------------------

local text = {}

function text.heading(out, level, words)
  local line = level == 1 and "=" or level == 2 and "-"
  out[#out + 1] = line and words .. "\n" .. line:rep(width(words)) or words
end

function text.text(out, words) out[#out + 1] = plain(words) end

function text.lines(out, list)
  local items = {}
  for i, line in ipairs(list) do items[i] = "  " .. plain(line) end
  out[#out + 1] = table.concat(items, "\n")
end

function text.code(out, words) out[#out + 1] = "  " .. words:gsub("\n", "\n  ") end

function text.table(out, head, rows)
  local widths, lines = {}, {}
  local all = { head, table.unpack(rows) }
  for _, row in ipairs(all) do
    for i, cell in ipairs(row) do widths[i] = math.max(widths[i] or 0, width(plain(cell))) end
  end
  for _, row in ipairs(all) do
    local cells = {}
    for i, cell in ipairs(row) do
      local shown = plain(cell):gsub("\n", " ")
      cells[i] = i == #row and shown or shown .. (" "):rep(widths[i] - width(shown))
    end
    lines[#lines + 1] = ("  " .. table.concat(cells, "  ")):gsub("%s+$", "")
  end
  out[#out + 1] = table.concat(lines, "\n")
end

--- The page as one text that ends in a newline. format: "md" or "text".
function M.render(blocks, format)
  local kind, out = format == "md" and md or text, {}
  for _, block in ipairs(blocks) do kind[block[1]](out, table.unpack(block, 2)) end
  return table.concat(out, "\n\n") .. "\n"
end

return M
