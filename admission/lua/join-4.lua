-- Gives a fan a place in a sale's room, or tells the one that the fan has. It alone decides, by
-- Redis's clock, whether a join belongs to the lobby or to the line.
--
-- KEYS  1 room  2 line  3 marks  4 returned
-- ARGV  1 ident    epoch and run id that the caller believes in
--       2 fan      fan id
--       3 draw     score of the fan in the draw (52 bits); '' in a sale by arrival
--       4 receipt  score of a receipt, 'lobby' for one of a drawn lobby, '' for none
-- Answers one text: `ok|…` (include/fan.lua, describe), `epoch` when the room is another one,
-- `block` when sequence numbers ran out, `closed`, `early|lobby_ms`, `barred`.
-- include: include/common.lua
-- include: include/fan.lua
local keys = { room = KEYS[1], line = KEYS[2], marks = KEYS[3], returned = KEYS[4] }
local fan, draw, receipt = ARGV[2], ARGV[3], ARGV[4]
local room = read_front(keys.room)
if room.ident ~= ARGV[1] then return 'epoch' end

local now = clock_ms()
local open = latch(keys.room, room, now)
local mark = find_fan(keys.line, keys.marks, fan)

if receipt == 'lobby' then receipt = draw end
local shown = tonumber(receipt)
-- A receipt counts once: not for a place that was used up, nor over a later place.
if shown and mark then
  local unused = mark.kind == 'w' and mark.round == 1 and shown < mark.score
  local newer = is_over(mark, now) and mark.score and shown > mark.score
  if not (unused or newer) then shown = nil end
end

if mark and mark.kind == 'b' then return 'barred' end
if mark and not is_over(mark, now) and not shown then
  return describe(keys, room, fan, mark, false, now)
end
if room.state == 'CLOSED' then
  if mark then return describe(keys, room, fan, mark, false, now) end
  return 'closed'
end
if not open and now < number_of(room.lobby_ms) then return 'early|' .. room.lobby_ms end

local round = 1
if mark then round = mark.round end
if mark and is_over(mark, now) then round = round + 1 end
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
  redis.call('HSET', keys.room, 'seq', whole(seq))
  score = draw ~= '' and 4503599627370496 + seq or seq
  rank = redis.call('ZCARD', keys.line)
end

if kind == 'q' then
  if mark and mark.kind == 'w' then
    local rank = rank_of(keys.line, fan, mark)
    if rank and rank >= number_of(room.cursor) then
      redis.call('HINCRBY', keys.room, 'gone', 1)
    end
  end
  redis.call('ZADD', keys.returned, whole(score), fan)
  redis.call('HSET', keys.room, 'returned', '1')
  room.returned = '1'
else
  redis.call('ZADD', keys.line, whole(score), member_of(fan, round))
end
mark = { kind = kind, round = round, score = score, pass = '', expires = 0 }
if kind == 'q' or round > 1 then write_mark(keys.marks, fan, mark) end
return describe(keys, room, fan, mark, true, now, rank)
