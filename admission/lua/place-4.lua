-- Tells a fan's place without making one.
--
-- KEYS  1 room  2 line  3 marks  4 returned
-- ARGV  1 ident  2 fan
-- Answers one text: `ok|…` (include/fan.lua, describe), `none` for a stranger, `barred`, `epoch`.
-- include: include/common.lua
-- include: include/fan.lua
local keys = { room = KEYS[1], line = KEYS[2], marks = KEYS[3], returned = KEYS[4] }
local fan = ARGV[2]
local room = read_front(keys.room)
if room.ident ~= ARGV[1] then return 'epoch' end
local now = clock_ms()
latch(keys.room, room, now)
local mark = find_fan(keys.line, keys.marks, fan)
if not mark then return 'none' end
if mark.kind == 'b' then return 'barred' end
return describe(keys, room, fan, mark, false, now)
