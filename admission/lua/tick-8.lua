-- One step of the pump: moves the room's clock, then picks as many fans from the front as the
-- rate, the pass cap and the window of the last minute allow together.
--
-- The room's clock advances by the smaller of what Redis's clock and the pump's own monotonic
-- clock say has passed, so a step of either opens nothing. Tokens fill by that clock up to one
-- plus `burst_ms` worth of the rate, so a pause or a restart gives no burst; the window holds the
-- number of the last 60 s to the rate exactly.
--
-- Fans with priority take their turns out of the same rate: each pick earns them the sale's share of
-- a turn, up to one, so while others wait they never get more than that share.
--
-- KEYS  1 room  2 line  3 marks  4 returned  5 leases  6 picked  7 window  8 priority
-- ARGV  1 ident       2 step_ms     by the pump's own clock since its last tick of this room
--       3 heads_max   most heads looked at        4 prefix  11 characters for new pass ids
--       5 seats_left  '' when unknown             6 sweep   '1': also tell picks left behind
--       7 burst_ms    8 lease_ms    how long a slot is taken by a pass
--       9 announce_ms how often the room's numbers go out
-- Answers {'ok', announce, seq_left, tick_ms, pass, fan, score, pass, fan, score, …} or {'epoch'}.
-- include: include/common.lua
-- include: include/fan.lua
local room_key, line, marks, returned = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local leases, picked, window, priority = KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local step_ms, heads_max, prefix = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local burst_ms, lease_ms = tonumber(ARGV[7]), tonumber(ARGV[8])
local window_ms, forgotten_ms = 60000, 2000
local room = read_room(room_key)
if room.ident ~= ARGV[1] then return { 'epoch' } end

local now = clock_ms()
latch(room_key, room, now)
local passed = math.max(0, math.min(now - number_of(room.tick_at), step_ms))
local vclock = number_of(room.vclock) + passed
room.vclock = whole(vclock)
room.seats_left = ARGV[5]

redis.call('ZREMRANGEBYSCORE', leases, '-inf', vclock)
local counted = number_of(room.window_count)
local oldest = redis.call('LINDEX', window, 0)
while oldest do
  local at, count = string.match(oldest, '^(%d+):(%d+)$')
  if tonumber(at) > vclock - window_ms then break end
  redis.call('LPOP', window)
  counted = counted - tonumber(count)
  oldest = redis.call('LINDEX', window, 0)
end

local rate = number_of(room.rate)
local tokens = 0
if state_of(room, now) == 'open' then
  if room.opened == '1' then
    tokens = number_of(room.tokens) + passed * rate / 60000
    tokens = math.min(tokens, 1 + burst_ms * rate / 60000)
  else
    -- The first fan of a sale is let in at once, however slow the rate.
    tokens = 1
    redis.call('HSET', room_key, 'opened', '1', 'window_from', whole(vclock))
  end
end
local slots = number_of(room.cap) - redis.call('ZCARD', leases)
local want = math.floor(math.min(tokens, rate - counted, slots))

local cursor, gone = number_of(room.cursor), number_of(room.gone)
local served = number_of(room.served)
local answer = { 'ok', '0', '0', whole(now) }
local count = 0
local share = number_of(room.share) / 100
local credit = number_of(room.credit)
local favoured = math.min(heads_max, redis.call('ZCARD', priority))
local taken = {}

local function pick(fan, round, score)
  local pass = prefix .. string.format('%05d', count)
  count = count + 1
  credit = math.min(1, credit + share)
  write_mark(marks, fan, { kind = 'p', round = round, score = score, pass = pass })
  redis.call('HSET', picked, pass, fan .. ':' .. whole(score) .. ':' .. whole(vclock))
  redis.call('ZADD', leases, whole(vclock + lease_ms), pass)
  answer[#answer + 1] = pass
  answer[#answer + 1] = fan
  answer[#answer + 1] = whole(score)
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

-- Fans of the returned set whose score is below the next head's are served first.
local function serve_returned(below)
  while count < want do
    local head = redis.call('ZRANGE', returned, 0, 0, 'WITHSCORES')
    if #head == 0 then return end
    local score = tonumber(head[2])
    if below and score >= below then return end
    redis.call('ZREM', returned, head[1])
    local text = redis.call('HGET', marks, head[1])
    local mark = text and parse_mark(text)
    if mark and mark.kind == 'q' then pick(head[1], mark.round, score) end
  end
end

local looked, ended = 0, false
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
      pick(fan, round, score)
    else
      gone = math.max(0, gone - 1)
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

if count > 0 then
  redis.call('RPUSH', window, whole(vclock) .. ':' .. count)
end
local announce = now - number_of(room.announced_at)
if announce < 0 or announce >= tonumber(ARGV[9]) then
  answer[2] = '1'
  redis.call('HSET', room_key, 'announced_at', whole(now))
end
answer[3] = whole(number_of(room.seq_max) - number_of(room.seq))
redis.call('HSET', room_key,
  'vclock', whole(vclock), 'tick_at', whole(now), 'seats_left', ARGV[5],
  'tokens', string.format('%.6f', tokens - count), 'window_count', whole(counted + count),
  'cursor', whole(cursor), 'gone', whole(gone), 'served', whole(served),
  'credit', string.format('%.6f', credit))

if ARGV[6] == '1' and redis.call('HLEN', picked) > count then
  local all = redis.call('HGETALL', picked)
  for at = 1, #all, 2 do
    local fan, score, since = string.match(all[at + 1], '^(%w+):(%d+):(%d+)$')
    if tonumber(since) <= vclock - forgotten_ms then
      answer[#answer + 1] = all[at]
      answer[#answer + 1] = fan
      answer[#answer + 1] = score
    end
  end
end
return answer
