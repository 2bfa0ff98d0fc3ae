-- Who is near the head is called, and counts as present for a grace from then on; later only a
-- sign of life within the grace counts. `calls` says which ranks were near from when on.
local call_every_ms = 1000

-- Calls those who have come near the head: one entry a second at most, none while nothing moves.
local function call_near(calls, room, vclock, near)
  if near <= number_of(room.near) then return end
  if number_of(room.near) > 0 and vclock < number_of(room.near_at) + call_every_ms then return end
  redis.call('RPUSH', calls, whole(vclock) .. ':' .. whole(near))
  room.near, room.near_at = whole(near), whole(vclock)
end

-- While nobody is let in nobody is judged either; the calls begin anew afterwards.
local function stop_calls(calls, room)
  if number_of(room.near) > 0 then redis.call('DEL', calls) end
  room.near, room.near_at = '0', '0'
end

-- Until when a rank counts as present because of its call. Ranks are asked for in order.
local function called_until(calls, rank, grace_ms)
  local first = redis.call('LINDEX', calls, 0)
  while first do
    local at, near = string.match(first, '^(%d+):(%d+)$')
    if tonumber(near) > rank then return tonumber(at) + grace_ms end
    redis.call('LPOP', calls)
    first = redis.call('LINDEX', calls, 0)
  end
  return math.huge
end
