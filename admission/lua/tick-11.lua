-- One step of the pump: moves the room's clock, then picks as many fans from the front as the
-- rate, the pass cap and the window of the last minute allow together.
--
-- The room's clock advances by the smaller of what Redis's clock and the pump's own monotonic
-- clock say has passed, so a step of either opens nothing, and by 5 s at most: signs of life are
-- noted by this clock, and after a pump's long sleep nobody who was there may look silent. Tokens
-- fill by that clock up to one plus `burst_ms` worth of the rate, so a pause or a restart gives no
-- burst; the window holds the number of the last 60 s to the rate exactly. A head who was called and
-- gave no sign of life steps aside, and is served first on coming back.
--
-- Fans with priority take their turns out of the same rate: each pick earns them the sale's share of
-- a turn, up to one, so while others wait they never get more than that share.
--
-- KEYS  1 room  2 line  3 marks  4 returned  5 leases  6 picked  7 window  8 seen  9 calls
--       10 fresh  11 priority
-- ARGV  1 ident       2 step_ms     by the pump's own clock since its last tick of this room
--       3 heads_max   most heads looked at        4 prefix  11 characters for new pass ids
--       5 seats_left  '' when unknown             6 sweep   '1': also tell picks left behind
--       7 burst_ms    8 lease_ms    how long a slot is taken by a pass
--       9 announce_ms how often the room's numbers go out
--       10 seats_held  that may come back         11 pace   percent of the rate, 0 to 100
--       12 pace_reason  why it is below 100       13 near_ms  how far ahead fans are called
--       14 grace_ms   how long a call counts      15 kept_ms  how long a place aside is kept
--       16 kept_long_ms  the same for phones and hidden pages
-- Answers {'ok', announce, seq_left, tick_ms, called, pass, fan, score, by, pass, fan, score, by, …}
-- or {'epoch'}; `called` has the fans who stepped aside, with blanks between, `by` is 's' for whom
-- staff let in beside the rate.
-- include: include/common.lua
-- include: include/fan.lua
-- include: include/turns.lua
-- include: include/presence.lua
local room_key, line, marks, returned = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local leases, picked, window, seen = KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local calls, fresh, priority = KEYS[9], KEYS[10], KEYS[11]
local step_ms, heads_max, prefix = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local burst_ms, lease_ms = tonumber(ARGV[7]), tonumber(ARGV[8])
local pace, near_ms, grace_ms = tonumber(ARGV[11]), tonumber(ARGV[13]), tonumber(ARGV[14])
local window_ms, forgotten_ms, near_min, step_ms_max = 60000, 2000, 50, 5000
local room = read_room(room_key)
if room.ident ~= ARGV[1] then return { 'epoch' } end

local now = clock_ms()
latch(room_key, room, now)
local passed = math.max(0, math.min(now - number_of(room.tick_at), step_ms, step_ms_max))
local vclock = number_of(room.vclock) + passed
room.vclock = whole(vclock)
room.seats_left, room.seats_held = ARGV[5], ARGV[10]

redis.call('ZREMRANGEBYSCORE', leases, '-inf', vclock)
local sums = forget_minute(window, room, vclock - window_ms)
local rate = corrected_rate(room, no_show_share(fresh, room, passed, vclock))

local cursor, gone = number_of(room.cursor), number_of(room.gone)
local tokens, by_rate, extra = 0, 0, 0
if state_of(room, now) == 'open' then
  call_near(calls, room, vclock, cursor + math.max(near_min, math.ceil(rate * near_ms / 60000)))
  if room.opened == '1' then
    tokens = number_of(room.tokens) + passed * rate * pace / 6000000
    tokens = math.min(tokens, 1 + burst_ms * rate / 60000)
  elseif pace > 0 then
    -- The first fan of a sale is let in at once, however slow the rate.
    tokens = 1
    redis.call('HSET', room_key, 'opened', '1', 'window_from', whole(vclock))
  end
  -- With every seat taken nobody is let in to look at them; some may come back.
  if room.seats_left ~= '0' then
    if pace > 0 then by_rate = math.max(0, math.floor(math.min(tokens, rate - sums[1]))) end
    extra = number_of(room.extra)
    room.extra = '0'
  end
else
  stop_calls(calls, room)
end
local slots = number_of(room.cap) - redis.call('ZCARD', leases)
local want = math.max(0, math.min(by_rate + extra, slots))

local served = number_of(room.served)
local answer = { 'ok', '0', '0', whole(now), '' }
local count, aside, moved, looked = 0, {}, 0, 0
local share = number_of(room.share) / 100
local credit = number_of(room.credit)
local favoured = math.min(heads_max, redis.call('ZCARD', priority))
local taken = {}

local function pick(fan, round, score)
  local pass = prefix .. string.format('%05d', count)
  count = count + 1
  credit = math.min(1, credit + share)
  write_mark(marks, fan, { kind = 'p', round = round, score = score, pass = pass })
  local by = count > by_rate and 's' or ''
  redis.call('HSET', picked, pass, table.concat({ fan, whole(score), whole(vclock), by }, ':'))
  redis.call('ZADD', leases, whole(vclock + lease_ms), pass)
  redis.call('ZREM', seen, fan)
  answer[#answer + 1] = pass
  answer[#answer + 1] = fan
  answer[#answer + 1] = whole(score)
  answer[#answer + 1] = by
end

-- Serves fans with priority while their share has earned a turn, or all that the rate allows.
local function serve_priority(all)
  while favoured > 0 and count < want and (all or credit >= 1) do
    local head = redis.call('ZPOPMIN', priority)
    favoured = favoured - 1
    local mark = head[1] and find_fan(line, marks, head[1])
    if mark and (mark.kind == 'w' or mark.kind == 'q') then
      if mark.kind == 'q' then redis.call('ZREM', returned, head[1]) end
      local rank = mark.kind == 'w' and rank_of(line, head[1], mark)
      -- The cursor passes this place later, which then waits no more.
      if rank and rank >= cursor then gone = gone + 1 end
      pick(head[1], mark.round, mark.score)
      taken[head[1]] = true
      credit = math.max(0, credit - 1)
    end
  end
end

local function step_aside(fan, round, score, seen_until)
  local patient = seen_until and seen_until ~= math.floor(seen_until)
  local kept_ms = tonumber(patient and ARGV[16] or ARGV[15])
  local expires = vclock + kept_ms
  write_mark(marks, fan, { kind = 'y', round = round, score = score, expires = expires })
  redis.call('ZREM', seen, fan)
  aside[#aside + 1] = fan
end

-- Serves the fan or lets the fan step aside; `called` is until when a call counts.
local function turn(fan, round, score, called)
  moved = moved + 1
  local seen_until = tonumber(redis.call('ZSCORE', seen, fan) or nil)
  if math.max(seen_until or 0, called) >= vclock then return pick(fan, round, score) end
  step_aside(fan, round, score, seen_until)
end

-- Fans of the returned set whose score is below the next head's are served first.
local function serve_returned(below)
  while count < want and looked < heads_max do
    local head = redis.call('ZRANGE', returned, 0, 0, 'WITHSCORES')
    if #head == 0 then return end
    local score = tonumber(head[2])
    if below and score >= below then return end
    looked = looked + 1
    redis.call('ZREM', returned, head[1])
    local text = redis.call('HGET', marks, head[1])
    local mark = text and parse_mark(text)
    if mark and mark.kind == 'q' then
      -- Who came back by a receipt alone was never seen here, and has shown up by that.
      local never = not redis.call('ZSCORE', seen, head[1])
      turn(head[1], mark.round, score, never and math.huge or 0)
    end
  end
end

local ended = false
while count < want and looked < heads_max and not ended do
  local size = math.min(want - count + 32, heads_max - looked)
  local heads = redis.call('ZRANGE', line, cursor, cursor + size - 1, 'WITHSCORES')
  ended = #heads < size * 2
  local fans = {}
  for at = 1, #heads, 2 do fans[#fans + 1] = string.sub(heads[at], 1, 12) end
  local texts = #fans > 0 and redis.call('HMGET', marks, unpack(fans)) or {}
  for at, fan in ipairs(fans) do
    local score = tonumber(heads[at * 2])
    serve_priority(false)
    serve_returned(score)
    if count >= want then break end
    local round = tonumber(string.match(heads[at * 2 - 1], '~(%d+)$') or '1')
    local mark = texts[at] and parse_mark(texts[at])
    local waits = not taken[fan] and ((not mark and round == 1)
      or (mark and mark.kind == 'w' and mark.round == round))
    if waits then
      turn(fan, round, score, called_until(calls, cursor, grace_ms))
    else
      gone = math.max(0, gone - 1)
      moved = moved + 1
    end
    cursor = cursor + 1
    looked = looked + 1
    served = score
  end
end
if ended then
  serve_returned(nil)
  serve_priority(true)
end

local counted = math.min(count, by_rate)
if count > 0 or moved > 0 then
  redis.call('RPUSH', window,
    table.concat({ whole(vclock), counted, count, moved }, ':'))
end
local announce = now - number_of(room.announced_at)
if announce < 0 or announce >= tonumber(ARGV[9]) then
  answer[2] = '1'
  redis.call('HSET', room_key, 'announced_at', whole(now))
end
answer[3] = whole(number_of(room.seq_max) - number_of(room.seq))
answer[5] = table.concat(aside, ' ')
redis.call('HSET', room_key,
  'vclock', whole(vclock), 'tick_at', whole(now), 'seats_left', ARGV[5], 'seats_held', ARGV[10],
  'pace', ARGV[11], 'pace_reason', ARGV[12], 'extra', room.extra or '0',
  'tokens', string.format('%.6f', tokens - counted), 'window_count', whole(sums[1] + counted),
  'window_out', whole(sums[2] + count), 'window_moved', whole(sums[3] + moved),
  'missed', room.missed, 'shown', room.shown, 'shown_new', '0', 'near', room.near or '0',
  'near_at', room.near_at or '0', 'away', whole(number_of(room.away) + #aside),
  'cursor', whole(cursor), 'gone', whole(gone), 'served', whole(served),
  'credit', string.format('%.6f', credit))

if ARGV[6] == '1' and redis.call('HLEN', picked) > count then
  local all = redis.call('HGETALL', picked)
  for at = 1, #all, 2 do
    local fan, score, since, by = string.match(all[at + 1], '^(%w+):(%d+):(%d+):?(s?)$')
    if tonumber(since) <= vclock - forgotten_ms then
      answer[#answer + 1] = all[at]
      answer[#answer + 1] = fan
      answer[#answer + 1] = score
      answer[#answer + 1] = by
    end
  end
end
return answer
