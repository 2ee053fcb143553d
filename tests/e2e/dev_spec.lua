-- ./dev as far as it can be looked at without building: what it says, where it puts things, and that it installs nothing
-- when it must not. What it makes is proven by ./dev fresh.
local source = assert(os.getenv("TIDEMARK_SOURCE"), "TIDEMARK_SOURCE is not set")

local function quote(s)
    return "'" .. s:gsub("'", [['\'']]) .. "'"
end

local function run(command)
    local pipe = assert(io.popen(command .. " 2>&1"))
    local said = pipe:read("a")
    local _, _, code = pipe:close()
    return code, said
end

local function write(path, text)
    local f <close> = assert(io.open(path, "wb"))
    assert(f:write(text))
    assert(run("chmod +x " .. quote(path)) == 0)
end

describe("./dev", function()
    local tmp
    local dev = quote(source .. "/dev")

    before_each(function()
        tmp = select(2, run("mktemp -d")):gsub("\n$", "")
        run("chmod 755 " .. quote(tmp))
    end)
    after_each(function()
        run("rm -rf " .. quote(tmp))
    end)

    it("lists its commands with --help and without arguments, from any folder", function()
        for _, command in ipairs({ dev .. " --help", dev, "cd / && " .. dev .. " help" }) do
            local code, said = run(command)
            assert.equal(0, code)
            for _, name in ipairs({ "demo", "test", "build", "lint", "fmt", "bench", "fresh", "clean" }) do
                assert.truthy(said:find("\n  " .. name .. " ", 1, true), name)
            end
        end
    end)

    it("refuses a command it does not know with 64", function()
        local code, said = run(dev .. " demmo")
        assert.equal(64, code)
        assert.truthy(said:find("dev: there is no 'demmo'", 1, true))
    end)

    -- A copy of dev with programs of our own before the real ones in PATH: an ordinary user without sudo, packages missing.
    local function copy()
        local dir = tmp .. "/check out"
        assert.equal(0, (run(("mkdir -p %s && cp %s %s"):format(quote(dir .. "/bin"), dev, quote(dir)))))
        return dir
    end

    local function as_user(dir, command)
        local nobody = select(2, run("id -u")):match("%d+") == "0"
        local how = nobody and "setpriv --reuid=65534 --regid=65534 --clear-groups " or ""
        return run(("%senv PATH=%s:/usr/bin:/bin HOME=%s bash %s %s"):format(how, quote(dir .. "/bin"), quote(dir),
            quote(dir .. "/dev"), command))
    end

    it("says exactly what to install where neither root nor sudo is at hand, and exits with 69", function()
        if run("test -x /usr/bin/sudo") == 0 then
            return pending("sudo is installed here")
        end
        local dir = copy()
        write(dir .. "/bin/dpkg-query", "#!/bin/sh\nprintf 'installed gcc\\ninstalled cmake\\n'\n")
        run("chmod 777 " .. quote(dir))
        local code, said = as_user(dir, "build")
        assert.equal(69, code, said)
        assert.truthy(said:find("As root: apt-get install libc6-dev ninja-build pkg-config libuv1-dev", 1, true), said)
        assert.falsy(said:find("install gcc", 1, true))
    end)

    it("puts build/ into the user's cache folder where the checkout belongs to somebody else", function()
        local dir = copy()
        write(dir .. "/bin/dpkg-query", "#!/bin/sh\nshift 3\nfor p; do echo installed $p; done\n")
        write(dir .. "/bin/cmake", "#!/bin/sh\necho \"cmake $*\"\nexit 3\n")
        assert.equal(0, (run("mkdir " .. quote(dir .. "/build") .. " && chmod 555 " .. quote(dir .. "/build"))))
        local cache = tmp .. "/cache"
        run(("mkdir -m 777 %s"):format(quote(cache)))
        local how = select(2, run("id -u")):match("%d+") == "0" and "setpriv --reuid=65534 --regid=65534 --clear-groups " or ""
        local code, said = run(("%senv PATH=%s:/usr/bin:/bin XDG_CACHE_HOME=%s bash %s build"):format(how, quote(dir .. "/bin"),
            quote(cache), quote(dir .. "/dev")))
        assert.equal(3, code, said)
        assert.truthy(said:find("cmake --preset release -B " .. cache .. "/tidemark/", 1, true), said)
    end)

    it("ends with the failing command's own message and exit code", function()
        local dir = copy()
        write(dir .. "/bin/dpkg-query", "#!/bin/sh\nshift 3\nfor p; do echo installed $p; done\n")
        write(dir .. "/bin/cmake", "#!/bin/sh\necho 'no such generator' >&2\nexit 7\n")
        run("chmod 777 " .. quote(dir))
        local code, said = as_user(dir, "demo")
        assert.equal(7, code, said)
        assert.truthy(said:find("no such generator", 1, true))
        assert.truthy(said:find("dev: this ended with exit code 7: cmake --preset release", 1, true))
    end)
end)
