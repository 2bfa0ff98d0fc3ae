-- The last minute of the room's clock: `at:counted:out:moved`, for what the rate counts, everybody
-- let in, and the places that the line went on by. What is older leaves the sums.
local function forget_minute(window, room, since)
  local sums = {
    number_of(room.window_count), number_of(room.window_out), number_of(room.window_moved),
  }
  local oldest = redis.call('LINDEX', window, 0)
  while oldest do
    local at, counted, out, moved = string.match(oldest, '^(%d+):(%d+):?(%d*):?(%d*)$')
    if tonumber(at) > since then break end
    redis.call('LPOP', window)
    sums[1] = sums[1] - tonumber(counted)
    sums[2] = sums[2] - (tonumber(out) or tonumber(counted))
    sums[3] = sums[3] - (tonumber(moved) or tonumber(counted))
    oldest = redis.call('LINDEX', window, 0)
  end
  return sums
end

-- The share of admitted fans who don't turn up, over the last minutes; nil while few are known.
-- Whoever has not come for a pass a minute after it was there has not turned up.
local function no_show_share(fresh, room, passed, vclock)
  local half_ms, patience_ms, known_min = 120000, 60000, 5
  local kept = 0.5 ^ (passed / half_ms)
  local missed = number_of(room.missed) * kept
    + redis.call('ZREMRANGEBYSCORE', fresh, '-inf', vclock - patience_ms)
  local shown = number_of(room.shown) * kept + number_of(room.shown_new)
  room.missed, room.shown = string.format('%.4f', missed), string.format('%.4f', shown)
  room.shown_new = '0'
  if missed + shown < known_min then return nil end
  return missed / (missed + shown)
end

-- The rate by which fans are let in: at most so much above the one that is set as staff allow, and
-- no more than makes up for those who don't turn up.
local function corrected_rate(room, share)
  local most = number_of(room.no_shows) / 100
  local more = share and share < 1 and share / (1 - share) or 0
  return number_of(room.rate) * (1 + math.min(most, more))
end
