-- What wrk sends: the visitors whose cookies are in a file, in turn.
--
--     wrk ... -s visitors.lua URL -- read|write|login COOKIES
--
-- read: the URL as it is. write: followed by a number that has not been used before. login: like write, but by
-- visitors who take each new cookie they are given; they begin without one. Prints one line at the end:
--     measured REQUESTS MICROSECONDS P50 P99 ERRORS
-- where a percentile is in microseconds and an error is an answer that is no success, or none at all.

local started = 0

function setup(thread)
    thread:set("place", started)
    started = started + 1
    thread:set("threads", tonumber(os.getenv("BENCH_THREADS")))
end

-- The visitors of this thread only: no two threads are the same visitor at the same time.
local function read_cookies(file)
    local cookies, number = {}, 0
    for line in io.lines(file) do
        if number % threads == place then
            cookies[#cookies + 1] = line
        end
        number = number + 1
    end
    return cookies
end

local before, after, cookies = {}, {}, {}
local next_visitor, next_number = 0, 0

-- The text of a request, in two parts with the number between them.
local function prepare(cookie)
    local text = wrk.format("GET", wrk.path .. "\1", { ["Host"] = wrk.headers["Host"], ["Cookie"] = cookie })
    return text:match("^(.-)\1(.*)$")
end

local function read()
    next_visitor = next_visitor % #before + 1
    return before[next_visitor]
end

local function write()
    next_visitor = next_visitor % #before + 1
    next_number = next_number + threads
    return before[next_visitor] .. next_number .. after[next_visitor]
end

-- A cookie is used once, and replaced by the one that comes with its answer.
local oldest = 1

local function login()
    local cookie = cookies[oldest]
    if cookie then
        cookies[oldest] = nil
        oldest = oldest + 1
    end
    next_number = next_number + threads
    return before[1] .. next_number .. after[1] .. (cookie and "Cookie: " .. cookie .. "\r\n\r\n" or "\r\n")
end

local newest = 0

local function take_cookie(_, headers)
    local cookie = headers["Set-Cookie"]
    if cookie then
        newest = newest + 1
        cookies[newest] = cookie:match("^[^;]*")
    end
end

function init(args)
    local kind, file = args[1], args[2]
    next_number = os.time() * 1000000 + place
    if kind == "login" then
        before[1], after[1] = prepare(nil)
        after[1] = after[1]:sub(1, -3) -- without the line that ends the header
        request, response = login, take_cookie
        return
    end
    for i, cookie in ipairs(read_cookies(file)) do
        before[i], after[i] = prepare(cookie)
        if kind == "read" then
            before[i] = before[i] .. after[i]
        end
    end
    request = kind == "read" and read or write
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format("measured %d %d %d %d %d\n", summary.requests, summary.duration,
        latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
