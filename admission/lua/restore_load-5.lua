-- Puts what SQL knows of admissions and of those who left into a room that is being built, oldest first. Running it
-- twice with the same admissions changes nothing.
--
-- KEYS  1 room  2 line  3 marks  4 returned  5 leases
-- ARGV  1 ident  2 now_ms of the database  3 leeway_ms
--       then per admission or exit: pass, fan, score, state, expires_ms
-- Answers {'ok'} or {'epoch'} when the room is no longer being built under this ident.
-- include: include/common.lua
-- include: include/fan.lua
local room_key, line, marks, returned, leases = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local now_ms, leeway_ms = tonumber(ARGV[2]), tonumber(ARGV[3])
local room = read_room(room_key)
if room.building ~= ARGV[1] then return { 'epoch' } end
local vclock, cursor = number_of(room.vclock), number_of(room.cursor)

for at = 4, #ARGV, 5 do
  local pass, fan, score = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  local state, expires = ARGV[at + 3], tonumber(ARGV[at + 4])
  local mark = find_fan(line, marks, fan)
  local later = mark and mark.score and score and mark.score > score
  if not later then
    if mark and mark.kind == 'w' then
      local rank = rank_of(line, fan, mark)
      if rank and rank >= cursor then redis.call('HINCRBY', room_key, 'gone', 1) end
    elseif mark and mark.kind == 'q' then
      redis.call('ZREM', returned, fan)
    elseif mark and mark.kind == 'y' then
      redis.call('HINCRBY', room_key, 'away', -1)
    end
    local entry = { kind = 'd', round = mark and mark.round or 1, score = score }
    if state == 'REVOKED' then entry.kind = 'b' end
    if state == 'LEFT' then entry.kind = 'l' end
    if state == 'LIVE' and expires > now_ms then
      entry.kind, entry.pass, entry.expires = 'a', pass, expires
      redis.call('ZADD', leases, whole(vclock + expires - now_ms + leeway_ms), pass)
    end
    write_mark(marks, fan, entry)
  end
end
return { 'ok' }
