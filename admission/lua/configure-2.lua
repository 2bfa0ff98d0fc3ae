-- Makes changed settings of a sale effective; an older version than the room's changes nothing.
--
-- KEYS  1 room  2 window
-- ARGV  1 ident  2 version  3 state  4 lobby  5 lobby_ms  6 opens_ms  7 rate per minute  8 cap
--       9 message  10 draining  '1': nobody new gets a place   11 no_shows  percent
--       12 share  percent of the rate for fans with priority
-- Answers {'ok'}, {'old'} or {'epoch'}.
-- include: include/common.lua
local room = read_room(KEYS[1])
if room.ident ~= ARGV[1] then return { 'epoch' } end
if number_of(room.version) >= tonumber(ARGV[2]) then return { 'old' } end
if room.rate ~= ARGV[7] then
  -- The last minute was counted under another rate; tokens alone carry over.
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[1], 'window_count', '0', 'window_out', '0',
    'window_moved', '0', 'window_from', room.vclock)
end
-- The latch is not touched: a sale that has opened doesn't go back to its lobby.
redis.call('HSET', KEYS[1],
  'version', ARGV[2], 'state', ARGV[3], 'lobby', ARGV[4], 'lobby_ms', ARGV[5],
  'opens_ms', ARGV[6], 'rate', ARGV[7], 'cap', ARGV[8], 'message', ARGV[9],
  'draining', ARGV[10], 'no_shows', ARGV[11], 'share', ARGV[12])
return { 'ok' }
