-- What `cmake --install` puts down runs from there, without the source tree.
local support = require("e2e.support")

describe("an installed tidemark", function()
    it("finds its plugins, Lua and schema beside the binary", function()
        local build = support.bin:match("^(.*)/bin/[^/]+$")
        local prefix = support.mktemp()
        finally(function() support.sh("rm -rf " .. support.quote(prefix)) end)
        local r = support.sh(("cmake --install %s --prefix %s"):format(support.quote(build), support.quote(prefix .. "/a place")))
        assert(r.code == 0, r.err)
        local built = support.bin
        support.bin = prefix .. "/a place/bin/tidemark"
        local p = support.project()
        finally(function()
            p:close()
            support.bin = built
            support.sh("rm -rf " .. support.quote(prefix))
        end)
        assert.truthy(p:ok("report"):find("patterns.top", 1, true))
        assert.truthy(p:ok("doctor --ascii"):find("a place/share/tidemark/plugins", 1, true))
        assert.truthy(p:ok("report content.top"))
        assert.is_false(support.exists(prefix .. "/a place/share/tidemark/plugins/youtube/spec/youtube_spec.lua"))
    end)
end)
