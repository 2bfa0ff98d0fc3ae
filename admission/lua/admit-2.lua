-- Lets staff give the next fans their turn at once, beside the rate: the next tick picks them.
--
-- KEYS  1 room  2 leases
-- ARGV  1 ident  2 fans  how many at most
-- Answers {'ok', fans} with how many the pass cap leaves, {'state', state} when the
-- room lets nobody in, or {'epoch'}.
-- include: include/common.lua
local room = read_room(KEYS[1])
if room.ident ~= ARGV[1] then return { 'epoch' } end
local now = clock_ms()
latch(KEYS[1], room, now)
local state = state_of(room, now)
if state ~= 'open' then return { 'state', state } end
if room.seats_left == '0' then return { 'state', 'sold_out' } end
local slots = number_of(room.cap) - redis.call('ZCARD', KEYS[2])
local fans = math.max(0, math.min(tonumber(ARGV[2]), slots))
redis.call('HSET', KEYS[1], 'extra', whole(fans))
return { 'ok', whole(fans) }
