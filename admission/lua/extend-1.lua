-- Lets a room give out the sequence numbers that were reserved in SQL before.
--
-- KEYS  1 room
-- ARGV  1 ident  2 seq_max  last number that is reserved
-- Answers {'ok'} or {'epoch'}.
-- include: include/common.lua
local room = read_room(KEYS[1])
if room.ident ~= ARGV[1] then return { 'epoch' } end
if number_of(room.seq_max) < tonumber(ARGV[2]) then
  redis.call('HSET', KEYS[1], 'seq_max', ARGV[2])
end
return { 'ok' }
