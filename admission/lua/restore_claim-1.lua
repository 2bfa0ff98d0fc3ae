-- Lets one process at a time move a sale to its next epoch; the others wait for its building. A
-- claim ends by itself, should its process die.
--
-- KEYS  1 room
-- ARGV  1 ident  of the present epoch in SQL   2 claim_ms  how long a claim holds
-- Answers {'done'} when that room stands, {'building'} when it is being built, {'mine'}, {'wait'}.
-- include: include/common.lua
local room = read_room(KEYS[1])
if room.ident == ARGV[1] then return { 'done' } end
if room.building == ARGV[1] then return { 'building' } end
local now = clock_ms()
local age = now - number_of(room.claimed_at)
if age >= 0 and age < tonumber(ARGV[2]) then return { 'wait' } end
redis.call('HSET', KEYS[1], 'claimed_at', whole(now))
return { 'mine' }
