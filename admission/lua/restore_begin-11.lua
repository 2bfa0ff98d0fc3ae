-- Begins to build a room under a new epoch. What is still there of the line is kept, since it can
-- only lack its end; what SQL knows better (passes, leases, the last minute) is thrown away.
--
-- KEYS  1 room  2 line  3 marks  4 returned  5 leases  6 picked  7 window
--       8 seen  9 calls  10 fresh  11 entrants
-- ARGV  1 ident  of the new epoch   2 epoch  its number
-- Answers {'done'} when that room stands, {'newer'} when a later epoch is there,
-- {'building', tick_ms}: the last tick that what was kept has seen, '' when nothing was.
-- include: include/common.lua
-- include: include/fan.lua
local room_key, line, marks, returned, picked = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[6]
local ident, epoch = ARGV[1], tonumber(ARGV[2])
local room = read_room(room_key)
if room.ident == ident then return { 'done' } end
if number_of(room.epoch) > epoch then return { 'newer' } end
if room.building == ident then return { 'building', room.tick_at or '' } end

local now = clock_ms()
local kept = ''
if room.ident or room.building then
  kept = room.tick_at or ''
  local picks = redis.call('HGETALL', picked)
  for at = 1, #picks, 2 do
    local fan, score = string.match(picks[at + 1], '^(%w+):(%d+):')
    local text = redis.call('HGET', marks, fan)
    local mark = text and parse_mark(text)
    if mark and mark.kind == 'p' then
      -- The cursor is past this fan; if SQL has no admission, the turn comes again at once.
      redis.call('ZADD', returned, score, fan)
      redis.call('HSET', room_key, 'returned', '1')
      mark.kind, mark.pass, mark.expires = 'q', '', 0
      write_mark(marks, fan, mark)
    end
  end
else
  redis.call('UNLINK', room_key, line, marks, returned, KEYS[11])
  redis.call('HSET', room_key, 'vclock', whole(now), 'cursor', '0', 'gone', '0', 'served', '0')
end
redis.call('UNLINK', KEYS[5], picked, KEYS[7], KEYS[8], KEYS[9], KEYS[10])
redis.call('HDEL', room_key, 'ident', 'claimed_at', 'near', 'extra')
redis.call('HSET', room_key, 'building', ident, 'epoch', ARGV[2])
return { 'building', kept }
