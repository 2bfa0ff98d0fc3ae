-- Tells a part of the roster: those who came before the opening. Until then it may be read on as they
-- come; from the opening on no member of it comes, goes or moves, so the parts fit together.
--
-- A sale by arrival is read from its line, whose order is the order of coming. In a draw the list of
-- entrants says who came or left, and each is told with the score of now, '' for who has none.
--
-- KEYS  1 room  2 line  3 entrants
-- ARGV  1 ident  2 from  how many were told before  3 count  how many at most
-- Answers {'ok', opened, members}, opened '1' from the opening on, members as
-- `member,score,member,score,…`; {'early'} while a room is restored, or {'epoch'}.
-- include: include/common.lua
local room = read_room(KEYS[1])
if room.ident ~= ARGV[1] then return { 'epoch' } end
local opened = latch(KEYS[1], room, clock_ms()) and '1' or '0'
if is_restoring(room) then return { 'early' } end
local from, count = tonumber(ARGV[2]), tonumber(ARGV[3])
local told = {}
if room.lobby == 'draw' then
  told = redis.call('LRANGE', KEYS[3], from, from + count - 1)
  local scores = #told > 0 and redis.call('ZMSCORE', KEYS[2], unpack(told)) or {}
  for at = #told, 1, -1 do
    told[at * 2 - 1], told[at * 2] = told[at], scores[at] or ''
  end
else
  -- By arrival latecomers are those after the opening's last number.
  local last = number_of(room.roster_seq or room.seq)
  told = redis.call('ZRANGE', KEYS[2], from, from + count - 1, 'WITHSCORES')
  local size = #told
  while size > 0 and tonumber(told[size]) > last do
    told[size], told[size - 1] = nil, nil
    size = size - 2
  end
end
return { 'ok', opened, table.concat(told, ',') }
