-- Opens a room that was built under a new epoch. Joins and receipts are taken from now on;
-- admissions begin when the restoring is over by the room's own clock.
--
-- KEYS  1 room  2 window
-- ARGV  1 ident   2 seq  last number that an earlier epoch may have given out   3 seq_max
--       4 restore_ms   5 opened  '1' when somebody was admitted before
--       6 version  7 state  8 lobby  9 lobby_ms  10 opens_ms  11 rate per minute  12 cap
--       13 message  14 draining  15 no_shows
--       16 share  percent of the rate for fans with priority
--       then pairs age_ms, count of the admissions of the last minute, oldest first
-- Answers {'ok'} or {'epoch'} when the room is no longer being built under this ident.
-- include: include/common.lua
local room = read_room(KEYS[1])
if room.building ~= ARGV[1] then return { 'epoch' } end
local vclock = number_of(room.vclock)
local counted = 0
for at = 17, #ARGV, 2 do
  redis.call('RPUSH', KEYS[2], whole(vclock - tonumber(ARGV[at])) .. ':' .. ARGV[at + 1])
  counted = counted + tonumber(ARGV[at + 1])
end
if ARGV[5] == '1' then redis.call('HSET', KEYS[1], 'opened', '1', 'latched', '1') end
redis.call('HDEL', KEYS[1], 'building')
redis.call('HSET', KEYS[1],
  'ident', ARGV[1], 'seq', whole(math.max(number_of(room.seq), tonumber(ARGV[2]))),
  'seq_max', ARGV[3], 'restore_until', whole(vclock + tonumber(ARGV[4])),
  'tokens', '0', 'tick_at', whole(clock_ms()), 'announced_at', '0', 'seats_left', '',
  'window_count', whole(counted), 'window_out', whole(counted), 'window_moved', whole(counted),
  'window_from', whole(vclock - 60000),
  'version', ARGV[6], 'state', ARGV[7], 'lobby', ARGV[8], 'lobby_ms', ARGV[9],
  'opens_ms', ARGV[10], 'rate', ARGV[11], 'cap', ARGV[12], 'message', ARGV[13],
  'draining', ARGV[14], 'no_shows', ARGV[15], 'share', ARGV[16])
return { 'ok' }
