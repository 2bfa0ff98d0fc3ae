-- Redis's clock in whole milliseconds since 1970.
local function clock_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function number_of(text)
  return tonumber(text or '0') or 0
end

-- Scores reach 2^53, which Lua's own way of writing numbers would round.
local function whole(value)
  return string.format('%.0f', value)
end

-- The room's hash as a table of texts.
local function read_room(key)
  local flat = redis.call('HGETALL', key)
  local room = {}
  for at = 1, #flat, 2 do
    room[flat[at]] = flat[at + 1]
  end
  return room
end

-- What a join or a look-up needs of the room, in one cheap call.
local function read_front(key)
  local got = redis.call('HMGET', key, 'ident', 'state', 'latched', 'opens_ms', 'lobby_ms', 'lobby',
    'seq', 'seq_max', 'cursor', 'served', 'vclock', 'restore_until', 'seats_left', 'returned',
    'seats_held', 'draining', 'near')
  return {
    ident = got[1], state = got[2], latched = got[3], opens_ms = got[4], lobby_ms = got[5],
    lobby = got[6], seq = got[7], seq_max = got[8], cursor = got[9], served = got[10],
    vclock = got[11], restore_until = got[12], seats_left = got[13], returned = got[14],
    seats_held = got[15], draining = got[16], near = got[17],
  }
end

-- Once a sale has opened it stays open for joins to the line, whatever a clock does later.
local function latch(key, room, now)
  if room.latched == '1' then return true end
  if now < number_of(room.opens_ms) then return false end
  -- The last number of the lobby ends the roster of a sale by arrival.
  redis.call('HSET', key, 'latched', '1', 'roster_seq', room.seq or '0')
  room.latched = '1'
  return true
end

local function is_restoring(room)
  return number_of(room.vclock) < number_of(room.restore_until)
end

-- What a room says of itself, in the contract's words.
local function state_of(room, now)
  if room.state == 'CLOSED' then return 'closed' end
  if room.latched ~= '1' then
    if now < number_of(room.lobby_ms) then return 'scheduled' end
    return 'lobby'
  end
  if room.state == 'PAUSED' then return 'paused' end
  if is_restoring(room) then return 'restoring' end
  if room.seats_left == '0' and number_of(room.seats_held) == 0 then return 'sold_out' end
  return 'open'
end
