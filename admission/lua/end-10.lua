-- Ends what a fan has in a room: the place of one who waits, or the pass of one who was admitted.
-- The caller has ended the pass in SQL before, so freeing the slot here lets nobody in twice.
--
-- KEYS  1 room  2 line  3 marks  4 returned  5 leases  6 picked  7 seen  8 fresh
--       9 priority  10 entrants
-- ARGV  1 ident  2 fan  3 kind: d done, l left, b barred, e banned: who waits does so for ever
--       4 pass   end only if the fan's pass is this one; '' ends whatever there is
-- Answers {'ok'}, {'none'} when there was nothing to end, {'epoch'}.
-- include: include/common.lua
-- include: include/fan.lua
-- include: include/meet.lua
local keys = { room = KEYS[1], line = KEYS[2], marks = KEYS[3], returned = KEYS[4] }
local line, marks, returned, leases, picked = KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local fan, kind, pass = ARGV[2], ARGV[3], ARGV[4]
local room = read_room(KEYS[1])
if room.ident ~= ARGV[1] then return { 'epoch' } end
local now = clock_ms()
local open = latch(KEYS[1], room, now)
if pass ~= '' then redis.call('ZREM', leases, pass) end
local mark = find_fan(line, marks, fan)
if not mark then
  if kind ~= 'b' then return { 'none' } end
  mark = { kind = 'd', round = 1, pass = '', expires = 0 }
end
if pass ~= '' and mark.pass ~= pass then return { 'none' } end
local over = is_over(mark, now, number_of(room.vclock))
if kind ~= 'b' and (over or mark.kind == 'b') then return { 'none' } end
redis.call('ZREM', KEYS[7], fan)
if is_waiting(mark) then redis.call('ZREM', KEYS[9], fan) end
-- Who comes and spends the pass has shown up; who leaves it has told so, which is as good.
if redis.call('ZREM', KEYS[8], fan) == 1 then redis.call('HINCRBY', KEYS[1], 'shown_new', 1) end
if kind == 'e' and is_waiting(mark) and mark.kind ~= 'p' then
  set_endless(keys, room, fan, mark, true)
  return { 'ok' }
end

if mark.kind == 'w' then
  if not open and room.lobby == 'draw' then
    -- Nobody was told a place yet, so nothing moves when this one goes.
    local member = member_of(fan, mark.round)
    redis.call('ZREM', line, member)
    redis.call('RPUSH', KEYS[10], member)
  else
    count_gone(keys, room, fan, mark, 1)
  end
end
if mark.kind == 'q' then redis.call('ZREM', returned, fan) end
if mark.kind == 'y' and not over then redis.call('HINCRBY', KEYS[1], 'away', -1) end
if mark.pass ~= '' then
  redis.call('ZREM', leases, mark.pass)
  redis.call('HDEL', picked, mark.pass)
end
mark.kind = kind == 'e' and 'd' or kind
mark.pass = ''
mark.expires = 0
write_mark(marks, fan, mark)
return { 'ok' }
