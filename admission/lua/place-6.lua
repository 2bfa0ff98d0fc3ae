-- Tells a fan's place without making one. Being asked is a sign of life of the fan.
--
-- KEYS  1 room  2 line  3 marks  4 returned  5 seen  6 fresh
-- ARGV  1 ident  2 fan  3 grace_ms  how long this sign of life lasts
--       4 patient  '1' for a phone or a hidden page  5 endless  '1' for a banned account
-- Answers one text: `ok|…` (include/fan.lua, describe), `none` for a stranger, `barred`, `epoch`.
-- include: include/common.lua
-- include: include/fan.lua
-- include: include/meet.lua
local keys = {
  room = KEYS[1], line = KEYS[2], marks = KEYS[3], returned = KEYS[4], seen = KEYS[5],
  fresh = KEYS[6],
}
local fan = ARGV[2]
local asker = { grace_ms = tonumber(ARGV[3]), patient = ARGV[4] == '1', endless = ARGV[5] == '1' }
local room = read_front(keys.room)
if room.ident ~= ARGV[1] then return 'epoch' end
local now = clock_ms()
latch(keys.room, room, now)
local mark = find_fan(keys.line, keys.marks, fan)
if not mark then return 'none' end
if mark.kind == 'b' then return 'barred' end
return meet(keys, room, fan, mark, now, asker)
