-- Tells a part of the roster: those who came before the opening, in the order of their scores. From
-- the opening on no member of it comes, goes or moves, so the parts fit together.
--
-- KEYS  1 room  2 line
-- ARGV  1 ident  2 from  rank of the first one  3 count  how many at most
-- Answers {'ok', members}, members as `member,score,member,score,…`, {'early'} before the opening
-- and while a room is restored, or {'epoch'}.
-- include: include/common.lua
local room = read_room(KEYS[1])
if room.ident ~= ARGV[1] then return { 'epoch' } end
if not latch(KEYS[1], room, clock_ms()) or is_restoring(room) then return { 'early' } end
local from, count = tonumber(ARGV[2]), tonumber(ARGV[3])
-- In a draw latecomers begin at 2^52; by arrival they are those after the opening's last number.
local last = room.lobby == 'draw' and 4503599627370495 or number_of(room.roster_seq or room.seq)
local members = redis.call('ZRANGE', KEYS[2], from, from + count - 1, 'WITHSCORES')
local size = #members
while size > 0 and tonumber(members[size]) > last do size = size - 2 end
return { 'ok', table.concat(members, ',', 1, size) }
