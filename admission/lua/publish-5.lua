-- Lets admitted fans fetch their passes, whose admissions are committed in SQL by now.
--
-- KEYS  1 room  2 marks  3 picked  4 leases  5 fresh
-- ARGV  1 ident  2 leeway_ms  3 now_ms of the database, then per admission
--       pass, fan, expires_ms, live ('1', or '0' when SQL says that it has ended)
-- Answers {'ok', orphan, …}: passes that nobody holds any more, to be ended in SQL; or {'epoch'}.
-- include: include/common.lua
-- include: include/fan.lua
local room = read_room(KEYS[1])
if room.ident ~= ARGV[1] then return { 'epoch' } end
local marks, picked, leases, fresh = KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local leeway_ms, now_ms, vclock = tonumber(ARGV[2]), tonumber(ARGV[3]), number_of(room.vclock)
local answer = { 'ok' }
for at = 4, #ARGV, 4 do
  local pass, fan, expires, live = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2]), ARGV[at + 3]
  local text = redis.call('HGET', marks, fan)
  local mark = text and parse_mark(text)
  local holds = mark and mark.pass == pass
  if holds and mark.kind == 'p' then
    if live == '1' then
      mark.kind = 'a'
      mark.expires = expires
      local left = math.max(0, expires - now_ms)
      redis.call('ZADD', leases, whole(vclock + left + leeway_ms), pass)
      redis.call('ZADD', fresh, room.vclock, fan)
    else
      mark.kind = 'd'
      mark.pass = ''
      redis.call('ZREM', leases, pass)
    end
    write_mark(marks, fan, mark)
  elseif not holds then
    answer[#answer + 1] = pass
  end
  redis.call('HDEL', picked, pass)
end
return answer
