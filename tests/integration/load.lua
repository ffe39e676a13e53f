-- What wrk does for the tests: requests of one kind; meanwhile how many answers have come, and at the end how many
-- had which status, how long the slowest took, and how many requests had no answer at all. LOAD_BODY makes them POST
-- requests.
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

-- The first answer of each status, and then every twentieth, is told at once: has_answers waits for that.
function response(status)
    local count = (statuses[status] or 0) + 1
    statuses[status] = count
    if count == 1 or count % 20 == 0 then
        print(string.format("so far %d: %d", status, count))
        io.flush()
    end
end

function done(summary, latency)
    local errors = summary.errors
    for status, count in pairs(worker:get("statuses")) do
        print(string.format("status %d: %d", status, count))
    end
    print(string.format("unanswered: %d", errors.connect + errors.read + errors.write + errors.timeout))
    print(string.format("slowest: %d ms", latency.max / 1000))
end
