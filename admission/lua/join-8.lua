-- Gives fans places in a sale's room, in the order of the list, or tells those that they have. It
-- alone decides, by Redis's clock, whether a join belongs to the lobby or to the line.
--
-- Those who come for the first time, nearly everybody in a rush, share every call to Redis: one
-- look-up and one ZADD for all of them. The others are taken one by one.
--
-- KEYS  1 room  2 line  3 marks  4 returned  5 seen  6 fresh  7 priority  8 entrants
-- ARGV  1 ident    epoch and run id that the caller believes in
--       2 grace_ms  how long this sign of life lasts   3 grace_long_ms  the same for patient pages
--       then per fan (each fan once):
--       fan id
--       score of the fan in the draw (52 bits); '' in a sale by arrival
--       score of a receipt, 'lobby' for one of a drawn lobby, '' for none
--       flags: f served with a share of the rate, p phone or hidden page, e banned, for ever
-- Answers `epoch` when the room is another one, otherwise a list with one text per fan: `ok|…`
-- (include/fan.lua, describe), `again|…` likewise for a place in the lobby of a draw that was left
-- before, `block` when sequence numbers ran out, `closed`, `draining`, `early|lobby_ms`, `barred`.
-- include: include/common.lua
-- include: include/fan.lua
-- include: include/meet.lua
local keys = {
  room = KEYS[1], line = KEYS[2], marks = KEYS[3], returned = KEYS[4], seen = KEYS[5],
  fresh = KEYS[6],
}
local priority, entrants = KEYS[7], KEYS[8]
local room = read_front(keys.room)
if room.ident ~= ARGV[1] then return 'epoch' end

local now, vclock = clock_ms(), number_of(room.vclock)
local open = latch(keys.room, room, now)
local takes = room.state ~= 'CLOSED' and room.draining ~= '1'
  and (open or now >= number_of(room.lobby_ms))
local late = 4503599627370496

local function asker_of(flags)
  local patient = string.find(flags, 'p', 1, true) ~= nil
  return {
    patient = patient, endless = string.find(flags, 'e', 1, true) ~= nil,
    grace_ms = tonumber(patient and ARGV[3] or ARGV[2]),
  }
end

local function join_one(fan, draw, receipt, asker)
  local mark = find_fan(keys.line, keys.marks, fan)
  local over = mark and is_over(mark, now, vclock)
  if receipt == 'lobby' then receipt = draw end
  local shown = tonumber(receipt)
  -- A receipt counts once: not for a place that was used up, nor over a later place.
  if shown and mark then
    local unused = mark.kind == 'w' and mark.round == 1 and shown < mark.score
    local newer = over and mark.score and shown > mark.score
    if not (unused or newer) then shown = nil end
  end

  if mark and mark.kind == 'b' then return 'barred' end
  if mark and not over and not shown then return meet(keys, room, fan, mark, now, asker) end
  if room.state == 'CLOSED' or (room.draining == '1' and not shown) then
    if mark then return describe(keys, room, fan, mark, false, now) end
    return room.state == 'CLOSED' and 'closed' or 'draining'
  end
  if not open and now < number_of(room.lobby_ms) then return 'early|' .. room.lobby_ms end

  -- In the lobby of a draw a place that was left is the same place when it is taken again.
  local again = over and mark.kind == 'l' and not open and draw ~= ''
  local round = mark and mark.round or 1
  if over and not again then round = round + 1 end
  if round > rounds_max then return describe(keys, room, fan, mark, false, now) end

  -- Ranks are settled from the opening on, or from the end of a restoring; an older place that
  -- comes after that is served at its turn from the returned set, and moves nobody.
  local settled = (open or room.lobby ~= 'draw') and not is_restoring(room)
  local score = shown
  local kind, rank = 'w', nil
  if shown then
    if settled or (open and shown <= number_of(room.served)) then kind = 'q' end
  elseif draw ~= '' and not open then
    score = tonumber(draw)
  else
    local seq = number_of(room.seq) + 1
    if seq > number_of(room.seq_max) then return 'block' end
    room.seq = whole(seq)
    redis.call('HSET', keys.room, 'seq', room.seq)
    score = draw ~= '' and late + seq or seq
    rank = redis.call('ZCARD', keys.line)
  end

  if kind == 'q' then
    if mark and mark.kind == 'w' then count_gone(keys, room, fan, mark, 1) end
    mark = { round = round, score = score, pass = '' }
    come_back(keys, room, fan, mark)
  else
    redis.call('ZADD', keys.line, whole(score), member_of(fan, round))
    if draw ~= '' and score < late then
      redis.call('RPUSH', entrants, member_of(fan, round))
    end
    mark = { kind = 'w', round = round, score = score, pass = '', expires = 0 }
    if round > 1 then
      write_mark(keys.marks, fan, mark)
    elseif again then
      redis.call('HDEL', keys.marks, fan)
    end
  end
  set_endless(keys, room, fan, mark, asker.endless)
  -- A receipt alone proves nobody's presence; a page that shows one is judged once it was seen.
  if kind ~= 'q' then note_seen(keys, room, fan, mark, rank, asker) end
  local told = describe(keys, room, fan, mark, true, now, rank)
  return again and 'again' .. string.sub(told, 3) or told
end

local fans = {}
for at = 4, #ARGV, 4 do fans[#fans + 1] = ARGV[at] end
local marked = redis.call('HMGET', keys.marks, unpack(fans))
local placed = redis.call('ZMSCORE', keys.line, unpack(fans))
local size = redis.call('ZCARD', keys.line)
local cursor, seq = number_of(room.cursor), number_of(room.seq)
local seq_max = number_of(room.seq_max)
local near = number_of(room.near)
local first_seq, added, seen, drawn = seq, {}, {}, {}
local back = room.returned == '1' and redis.call('ZCARD', keys.returned) or 0
-- What every newcomer of this call is told alike.
local tail = '||0|' .. state_of(room, now) .. '|' .. (is_restoring(room) and '1' or '0')
  .. '|' .. (room.latched == '1' and '0' or '1')

local answer = {}
for at, fan in ipairs(fans) do
  local base = at * 4 + 1
  local draw, asker = ARGV[base], asker_of(ARGV[base + 2])
  local stranger = not marked[at] and not placed[at] and ARGV[base + 1] == ''
  if takes and stranger and not asker.endless then
    if draw ~= '' and not open then
      added[#added + 1], added[#added + 2] = draw, fan
      drawn[#drawn + 1] = fan
      -- Nobody is told a place of a drawn lobby, so none is looked up.
      answer[at] = 'ok|1|w|0|' .. draw .. '||0' .. tail
    elseif seq < seq_max then
      local rank = size + seq - first_seq
      seq = seq + 1
      local score = whole(draw ~= '' and late + seq or seq)
      added[#added + 1], added[#added + 2] = score, fan
      if rank < near then
        seen[#seen + 1] = whole(vclock + asker.grace_ms) .. (asker.patient and '.5' or '')
        seen[#seen + 1] = fan
      end
      -- Everybody in the returned set has an older place than a newcomer.
      local ahead = math.max(0, rank - cursor) + back
      answer[at] = 'ok|1|w|0|' .. score .. '|' .. rank .. '|' .. ahead .. tail
    else
      answer[at] = 'block'
    end
  end
end
if #added > 0 then redis.call('ZADD', keys.line, unpack(added)) end
-- The lots come in no order of time, so the roster is read from this list.
if #drawn > 0 then redis.call('RPUSH', entrants, unpack(drawn)) end
if #seen > 0 then redis.call('ZADD', keys.seen, unpack(seen)) end
if seq > first_seq then
  room.seq = whole(seq)
  redis.call('HSET', keys.room, 'seq', room.seq)
end

for at, fan in ipairs(fans) do
  local base, flags = at * 4 + 1, ARGV[at * 4 + 3]
  answer[at] = answer[at] or join_one(fan, ARGV[base], ARGV[base + 1], asker_of(flags))
  if string.find(flags, 'f', 1, true) then
    local mark = find_fan(keys.line, keys.marks, fan)
    if mark and (mark.kind == 'w' or mark.kind == 'q') then
      redis.call('ZADD', priority, 'NX', whole(mark.score), fan)
    end
  end
end
return answer
