-- What the prompt prints of a value.
package.path = "lua/?.lua;" .. package.path
local show = require("tidemark.show").show

describe("show", function()
  it("leaves a text as it is and quotes it inside a table", function()
    assert.equal("a\nb", show("a\nb"))
    assert.equal('{ a = "x\\n\\"\\\\\\x1b" }', show({ a = 'x\n"\\\27' }))
  end)

  it("writes numbers so that they read back the same", function()
    assert.equal("{ 1, 1.0, 0.1, 1e+300, 9007199254740993 }", show({ 1, 1.0, 0.1, 1e300, 9007199254740993 }))
    assert.equal("nan", show(0 / 0))
    assert.equal("inf", show(1 / 0))
  end)

  it("puts list entries first, then names in order", function()
    assert.equal('{ 1, 2, [10] = 3, a = 1, b = { c = 2 }, ["end"] = 3, ["x y"] = 4, [true] = 5 }',
      show({ 1, 2, [10] = 3, b = { c = 2 }, a = 1, ["end"] = 3, ["x y"] = 4, [true] = 5 }))
    assert.equal("{}", show({}))
    assert.equal("{ 1, [3] = 3 }", show({ 1, nil, 3 }))
  end)

  it("takes more lines where one is too narrow", function()
    assert.equal('{\n  long = "aaaaaaaaaaaaaaaaaaaaaaaaa",\n  t = { 1, 2 },\n}', show({ t = { 1, 2 }, long = ("a"):rep(25) }, 30))
    assert.equal("{\n  10, 11, 12, 13,\n  14, 15, 16, 17,\n}", show({ 10, 11, 12, 13, 14, 15, 16, 17 }, 20))
  end)

  it("ends where a table is inside itself, is deep or large", function()
    local t = { a = 1 }
    t.t = t
    assert.equal("{ a = 1, t = <a table that is inside itself> }", show(t))
    local deep = {}
    for _ = 1, 20 do deep = { deep } end
    assert.equal("{ { { { { { { … } } } } } } }", show(deep))
    local many = {}
    for i = 1, 100000 do many[i] = i end
    assert.truthy(show(many):find("… 99800 more", 1, true))
    local text = {}
    for i = 1, 100 do text[i] = ("x"):rep(10000) end
    assert.truthy(#show(text) < 100000)
  end)

  it("shows one table in two places twice", function()
    local one = { 1 }
    assert.equal("{ { 1 }, { 1 } }", show({ one, one }))
  end)

  it("says what cannot be written", function()
    assert.equal("{ <function> }", show({ print }))
    assert.equal("<thread>", show(coroutine.create(print)))
  end)

  it("asks no code of the value's but __tostring", function()
    local trap = setmetatable({ a = 1 }, { __index = error, __pairs = error, __len = error })
    assert.equal("{ a = 1 }", show(trap))
    assert.equal("12.30", show(setmetatable({}, { __tostring = function() return "12.30" end })))
  end)
end)
