-- Ends what a fan has in a room: the place of one who waits, or the pass of one who was admitted.
-- The caller has ended the pass in SQL before, so freeing the slot here lets nobody in twice.
--
-- KEYS  1 room  2 line  3 marks  4 returned  5 leases  6 picked  7 priority
-- ARGV  1 ident  2 fan  3 kind: d done, l left, b barred
--       4 pass   end only if the fan's pass is this one; '' ends whatever there is
-- Answers {'ok'}, {'none'} when there was nothing to end, {'epoch'}.
-- include: include/common.lua
-- include: include/fan.lua
local line, marks, returned, leases, picked = KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local priority = KEYS[7]
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
if kind ~= 'b' and (is_over(mark, now) or mark.kind == 'b') then return { 'none' } end

if is_waiting(mark) then redis.call('ZREM', priority, fan) end
if mark.kind == 'w' then
  local rank = rank_of(line, fan, mark)
  if not open and room.lobby == 'draw' then
    -- Nobody was told a place yet, so nothing moves when this one goes.
    redis.call('ZREM', line, member_of(fan, mark.round))
    if kind == 'l' and mark.round == 1 then return { 'ok' } end
  elseif rank and rank >= number_of(room.cursor) then
    redis.call('HINCRBY', KEYS[1], 'gone', 1)
  end
end
if mark.kind == 'q' then redis.call('ZREM', returned, fan) end
if mark.pass ~= '' then
  redis.call('ZREM', leases, mark.pass)
  redis.call('HDEL', picked, mark.pass)
end
mark.kind = kind
mark.pass = ''
mark.expires = 0
write_mark(marks, fan, mark)
return { 'ok' }
