-- The shared numbers of a room.
--
-- KEYS  1 room  2 line  3 returned  4 leases
-- ARGV  1 ident
-- Answers {'ok', state, now_serving, waiting, measured_per_minute, set_per_minute, seats_left,
-- message, live_passes, pass_cap, measured_ms, latched} as texts, or {'epoch'}.
-- include: include/common.lua
local room = read_room(KEYS[1])
if room.ident ~= ARGV[1] then return { 'epoch' } end
local now = clock_ms()
latch(KEYS[1], room, now)
local cursor = number_of(room.cursor)
local waiting = redis.call('ZCARD', KEYS[2]) - cursor - number_of(room.gone)
  + redis.call('ZCARD', KEYS[3])
local span = math.min(60000, number_of(room.vclock) - number_of(room.window_from))
local measured = 0
if span > 0 then
  measured = number_of(room.window_count) * 60000 / math.max(1000, span)
end
return {
  'ok', state_of(room, now), whole(cursor), whole(math.max(0, waiting)),
  whole(math.floor(measured + 0.5)), room.rate or '0', room.seats_left or '', room.message or '',
  tostring(redis.call('ZCARD', KEYS[4])), room.cap or '0', whole(math.max(0, span)),
  room.latched == '1' and '1' or '0',
}
