-- The shared numbers of a room, and what only staff see.
--
-- KEYS  1 room  2 line  3 returned  4 leases
-- ARGV  1 ident
-- Answers {'ok', state, now_serving, waiting, measured_per_minute, set_per_minute, seats_left,
-- message, live_passes, pass_cap, measured_ms, latched, reason, seats_held, moved_per_minute, pace,
-- away, no_show_percent} as texts, or {'epoch'}.
-- include: include/common.lua
local room = read_room(KEYS[1])
if room.ident ~= ARGV[1] then return { 'epoch' } end
local now = clock_ms()
latch(KEYS[1], room, now)
local cursor = number_of(room.cursor)
local waiting = redis.call('ZCARD', KEYS[2]) - cursor - number_of(room.gone)
  + redis.call('ZCARD', KEYS[3])
local live = redis.call('ZCARD', KEYS[4])
local span = math.min(60000, number_of(room.vclock) - number_of(room.window_from))
local function per_minute(count)
  if span <= 0 then return '0' end
  return whole(math.floor(number_of(count) * 60000 / math.max(1000, span) + 0.5))
end
local state = state_of(room, now)

-- Why fewer are let in than the rate says; the first reason that holds.
local function reason()
  if state == 'paused' or state == 'restoring' or state == 'closed' then return state end
  if state ~= 'open' then return '' end
  if room.seats_left == '0' then return 'seats_held' end
  if number_of(room.pace or '100') < 100 then return room.pace_reason end
  if waiting > 0 and live >= number_of(room.cap) then return 'pass_cap' end
  if room.draining == '1' then return 'draining' end
  return ''
end

local known = number_of(room.missed) + number_of(room.shown)
return {
  'ok', state, whole(cursor), whole(math.max(0, waiting)), per_minute(room.window_out),
  room.rate or '0', room.seats_left or '', room.message or '', tostring(live), room.cap or '0',
  whole(math.max(0, span)), room.latched == '1' and '1' or '0', reason(), room.seats_held or '',
  per_minute(room.window_moved), room.pace or '100', whole(math.max(0, number_of(room.away))),
  known >= 5 and whole(math.floor(100 * number_of(room.missed) / known + 0.5)) or '',
}
