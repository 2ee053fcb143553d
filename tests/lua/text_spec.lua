local text = require("tidemark.text")

local function fact(name)
  return function(caption) return text.facts(caption)[name] end
end

-- { caption, expected } each.
local function check(name, cases)
  for _, case in ipairs(cases) do
    assert.same({ case[1], case[2] }, { case[1], fact(name)(case[1]) })
  end
end

describe("the range table", function()
  it("is used in order: one character of each neighbourhood is what it is", function()
    check("script", { { "é", "latin" }, { "ß", "latin" }, { "ế", "latin" }, { "Ж", "cyrillic" }, { "ў", "cyrillic" },
      { "Ω", "greek" },
      { "ع", "arabic" }, { "ש", "hebrew" }, { "अ", "devanagari" }, { "字", "han" }, { "𠮷", "han" }, { "か", "kana" },
      { "カ", "kana" },
      { "한", "hangul" }, { "ก", "other" }, { "ა", "other" }, { "Ա", "other" }, { "…—„“", nil }, { "1234 !", nil },
      { "😀", nil } })
  end)
end)

describe("length", function()
  it("counts characters, not bytes", function()
    check("length", { { "", 0 }, { "abc", 3 }, { "äöü", 3 }, { "日本語", 3 }, { "a b\n", 4 }, { "😀", 1 }, { "👩‍🚀", 3 },
      { "\0a", 2 } })
  end)

  it("counts a byte that is no UTF-8 as one character", function()
    check("length", { { "a\xFFb", 3 }, { "\xE2\x82", 2 }, { "ok\xC3", 3 }, { "\xED\xA0\x80", 3 }, { "\xC0\x80", 2 },
      { "ä\x80ä", 3 } })
  end)
end)

describe("words", function()
  it("are pieces with a letter or digit", function()
    check("words", { { "", 0 }, { "   ", 0 }, { "one", 1 }, { "one two\nthree", 3 }, { "well-known isn't", 2 },
      { "a - b", 2 }, { "10 tips!", 2 },
      { "...", 0 }, { "Größe ändern", 2 }, { "привет мир", 2 }, { "مرحبا بالعالم", 2 }, { "안녕 하세요", 2 },
      { "no\u{A0}break", 2 }, { "😀 🎉", 0 } })
  end)

  it("are no links, mentions or hashtags", function()
    check("words", { { "see https://example.com/a?b=c now", 2 }, { "hi @anna and @bob.x", 2 },
      { "new #song #music2026 out", 2 } })
  end)

  it("are two characters each where no blanks are written", function()
    check("words", { { "日本", 1 }, { "日本語", 2 }, { "カメラを買う", 3 }, { "我爱iPhone手机", 3 } })
  end)
end)

describe("hashtags", function()
  it("need a letter, and no word before them", function()
    check("hashtags", { { "#a", 1 }, { "#one #two", 2 }, { "#one#two", 2 }, { "#123", 0 }, { "#2026goals", 1 },
      { "C# and a#b", 0 }, { "&#39;", 0 },
      { "# no", 0 }, { "#_", 0 }, { "(#in)", 1 }, { "##x", 1 }, { "#größe", 1 }, { "#日本語", 1 }, { "日本#東京", 1 },
      { "＃タグ", 1 }, { "#🎉", 0 },
      { "#…", 0 }, { "#привет!", 1 }, { "https://example.com/#part", 0 }, { "#️⃣", 0 }, { "nothing", 0 } })
  end)
end)

describe("mentions", function()
  it("are names after @, and no e-mail addresses", function()
    check("mentions", { { "@a", 1 }, { "thanks @anna.b and @c_d!", 2 }, { "mail me@example.com", 0 }, { "@", 0 },
      { "@ home", 0 }, { "@@x", 0 },
      { "(@x)", 1 }, { "＠ねこ", 1 }, { "https://example.com/@someone", 0 }, { "via @x/@y", 1 } })
  end)
end)

describe("links", function()
  it("are addresses with a scheme, www. or a path", function()
    check("links", { { "https://example.com", 1 }, { "HTTP://EXAMPLE.COM/a", 1 }, { "www.example.com", 1 },
      { "t.co/abc", 1 }, { "example.com/shop", 1 },
      { "two: http://a.b http://c.d", 2 }, { "e.g. this and/or that", 0 }, { "end.Start", 0 }, { "3.5/5", 0 },
      { "https://例え.jp/a", 0 }, { "見てhttps://t.co/x。", 1 } })
  end)
end)

describe("emoji", function()
  it("count once as a person sees them", function()
    check("emoji", { { "", 0 }, { "abc ä 日本", 0 }, { "😀", 1 }, { "😀😀", 2 }, { "👍🏽", 1 }, { "👍🏽👍", 2 }, { "👩‍🚀", 1 },
      { "👨‍👩‍👧‍👦", 1 }, { "👩🏿‍🤝‍👨🏻", 1 },
      { "🏳️‍🌈", 1 }, { "❤️‍🔥", 1 }, { "🧗🏽‍♀️", 1 }, { "🇩🇪", 1 }, { "🇩🇪🇫🇷", 2 }, { "🏴󠁧󠁢󠁥󠁮󠁧󠁿", 1 }, { "1️⃣2️⃣", 2 },
      { "#️⃣", 1 }, { "🏽", 1 }, { "🫶🏻", 1 }, { "🌡️", 1 }, { "⭐", 1 } })
  end)

  it("of signs that are text by default only those asked for as emoji, and the heart", function()
    check("emoji", { { "©", 0 }, { "©️", 1 }, { "✔", 0 }, { "✔️", 1 }, { "☀", 0 }, { "☀️", 1 }, { "❤", 1 }, { "❤️", 1 },
      { "♥", 1 }, { "☺︎", 0 }, { "™", 0 },
      { "★ → •", 0 }, { "123", 0 }, { "🇩", 0 }, { "a\u{200D}b", 0 } })
  end)
end)

describe("question and exclamation", function()
  it("know the marks of other scripts, and not those of links", function()
    check("question", { { "why?", 1 }, { "¿qué", 1 }, { "لماذا؟", 1 }, { "なぜ？", 1 }, { "no.", 0 },
      { "https://a.example/?q=1", 0 }, { "", 0 } })
    check("exclamation", { { "wow!", 1 }, { "¡hola", 1 }, { "すごい！", 1 }, { "calm.", 0 }, { "https://a.example/#!x", 0 } })
  end)
end)

describe("call to action", function()
  it("is found in five languages, whatever the case and the signs around it", function()
    for _, caption in ipairs { "Follow me for more", "LINK IN BIO", "link in bio👇", "👉Subscribe!", "Don't miss it",
      "Don’t miss it", "tell us: why?",
      "Folgt mir für mehr", "Jetzt ABONNIEREN", "Link in der Bio", "Schreibt es in die Kommentare!", "¡Sígueme!",
      "SUSCRÍBETE ya", "¡SÍGUEME!",
      "comparte con todos", "Abonne-toi vite", "Dites-moi tout", "DÉCOUVREZ la suite", "Siga-me", "Não perca",
      "NÃO PERCA!", "Link na bio" } do
      assert.equal(1, text.facts(caption).call_to_action, caption)
    end
  end)

  it("is no part of another word, and no word alone that means something else", function()
    for _, caption in ipairs { "", "I follow the river", "unsubscribed", "subscribers", "a link", "Teile vom Ganzen",
      "the comment section", "check", "out", "biolink in biology",
      "les partages", "uncomfortable" } do
      assert.equal(0, text.facts(caption).call_to_action, caption)
    end
  end)

  it("has its phrases to read, each found by itself", function()
    for language, phrases in pairs(text.calls) do
      assert.is_true(#phrases > 20, language)
      for _, phrase in ipairs(phrases) do assert.equal(1, text.facts(phrase).call_to_action, phrase) end
    end
  end)
end)

describe("uppercase share", function()
  it("is of letters that have a case", function()
    check("uppercase_share", { { "ABC", 1 }, { "abc", 0 }, { "Abcd", 0.25 }, { "ÄÖü", 2 / 3 }, { "ПРИвет", 0.5 },
      { "ΑΒγδ", 0.5 }, { "日本 ABcd", 0.5 },
      { "Ệ ệ", 0.5 }, { "123 😀", nil }, { "", nil }, { "שלום", nil }, { "@ABC https://EXAMPLE.COM ab", 0 },
      { "ŁÓDŹ", 1 }, { "ßß", 0 } })
  end)
end)

describe("script", function()
  it("is that of most letters, without links and mentions", function()
    check("script", { { "Привет, world", "cyrillic" }, { "Hello, мир", "latin" },
      { "東京 @abcdef https://example.com/abcdef", "han" }, { "日本の夏", "kana" },
      { "東京", "han" }, { "한국어 a", "hangul" }, { "नमस्ते", "devanagari" }, { "#only", "latin" } })
  end)
end)

describe("facts", function()
  it("of no caption are none, of an empty one all nought", function()
    assert.is_nil(text.facts(nil))
    assert.same({ length = 0, words = 0, hashtags = 0, mentions = 0, links = 0, emoji = 0, question = 0, exclamation = 0,
      call_to_action = 0 },
      text.facts(""))
  end)

  it("of a caption with everything in it", function()
    assert.same({ length = 86, words = 7, hashtags = 2, mentions = 1, links = 1, emoji = 2, question = 1,
      exclamation = 1, call_to_action = 1,
      uppercase_share = 2 / 36, script = "latin" },
      text.facts("What's new? Tell me more here! 👍🏽❤️ thanks @anna #new #größe https://example.com/abcde"))
  end)

  it("take bytes of any kind", function()
    for byte = 0, 255 do
      local caption = "a" .. string.char(byte):rep(3) .. "b"
      assert.equal(5, text.facts(caption).length, byte)
    end
  end)

  it("do not depend on what was asked before", function()
    local before = text.facts("Grüße 😀 ж")
    for c = 0x3400, 0x9FFF do text.facts(utf8.char(c)) end
    assert.same(before, text.facts("Grüße 😀 ж"))
    assert.equal("han", text.facts(utf8.char(0x20005)).script)
  end)
end)

describe("lower, cut, clean", function()
  it("lowers Latin, Greek and Cyrillic", function()
    for up, low in pairs { ABC = "abc", ["ÄÖÜß"] = "äöüß", ["ÉÀÇÑ"] = "éàçñ", ["ŁŹŻŘŠ"] = "łźżřš", ["ЖЁЇ"] = "жёї",
      ["ΆΣΩ"] = "άσω", ["ẾẠ"] = "ếạ",
      ["İ"] = "i", ["日本"] = "日本", ["A\xFFB"] = "a\xFFb", ["×÷"] = "×÷", ["ŸŽ"] = "ÿž" } do
      assert.equal(low, text.lower(up))
    end
  end)

  it("cuts between characters", function()
    assert.equal("abc", text.cut("abc", 3))
    assert.equal("a", text.cut("aä", 2))
    assert.equal("aä", text.cut("aäö", 3))
    assert.equal("", text.cut("日", 2))
  end)

  it("puts a sign for each byte that is no UTF-8", function()
    assert.equal("aä", text.clean("aä"))
    assert.equal("a\u{FFFD}b", text.clean("a\xFFb"))
    assert.equal("\u{FFFD}\u{FFFD}", text.clean("\xE2\x82"))
    assert.equal("a\u{FFFD}", text.clean("a\xC3"))
  end)
end)
