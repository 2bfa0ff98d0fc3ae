-- Appends entries of one show's log to the stream of events, but only those that are not there yet:
-- two publishers, or one that repeats itself, leave each entry once and in its order.
--
-- KEYS  1 stream   2 last entry of each show
-- ARGV  1 show_id
--       2 events_max   beyond it the oldest are cut off
--       then the number and the JSON of each entry, in ascending order
-- Answers how many were new.
local last = tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or 0)
local added = 0
for at = 3, #ARGV, 2 do
  local lsn = tonumber(ARGV[at])
  if lsn > last then
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'event', ARGV[at + 1])
    last = lsn
    added = added + 1
  end
end
if added > 0 then redis.call('HSET', KEYS[2], ARGV[1], string.format('%.0f', last)) end
return added
