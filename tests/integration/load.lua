-- What wrk does for the tests: requests of one kind, and at the end how many answers had which status, how long
-- the slowest took, and how many requests had no answer at all. LOAD_BODY makes them POST requests.
local body = os.getenv("LOAD_BODY")

if body then
    wrk.method = "POST"
    wrk.body = body
    wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
end

local worker

function setup(thread)
    worker = thread -- there is only one
end

statuses = {}

function response(status)
    statuses[status] = (statuses[status] or 0) + 1
end

function done(summary, latency)
    local errors = summary.errors
    for status, count in pairs(worker:get("statuses")) do
        print(string.format("status %d: %d", status, count))
    end
    print(string.format("unanswered: %d", errors.connect + errors.read + errors.write + errors.timeout))
    print(string.format("slowest: %d ms", latency.max / 1000))
end
