-- The request that `tests/bench/wrk.py` names in the environment, and the result as one line of JSON.
local pause = tonumber(os.getenv("BENCH_PAUSE_MS") or "0")

function init(_)
  wrk.method = os.getenv("BENCH_METHOD") or "GET"
  local file = os.getenv("BENCH_BODY")
  if file then
    local handle = io.open(file, "rb")
    wrk.body = handle:read("*a")
    handle:close()
    wrk.headers["Content-Type"] = "application/json"
  end
end

if pause > 0 then
  -- Spread, so that the connections do not march in step.
  function delay()
    return math.random(math.floor(pause / 2), math.floor(pause * 3 / 2))
  end
end

function done(summary, latency, _)
  local bad = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format('{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), summary.errors.status, bad))
end
