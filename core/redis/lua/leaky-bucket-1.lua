-- Takes one drop into a leaky bucket, or says how long until there is room for one. The bucket is
-- one number: when it will be empty, by Redis's clock (the generic cell rate algorithm). In any
-- span of time it therefore takes at most its burst plus what leaks out meanwhile.
--
-- KEYS  1 bucket
-- ARGV  1 drop_us   microseconds in which one drop leaks out
--       2 burst     drops that fit into the empty bucket
-- Answers 0 when the drop was taken, otherwise the microseconds until it would be.
local drop, full = tonumber(ARGV[1]), tonumber(ARGV[1]) * tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])

local empty_at = tonumber(redis.call('GET', KEYS[1]) or now)
if empty_at < now then empty_at = now end
-- Only a clock that was set back makes a bucket fuller than full.
if empty_at > now + full then empty_at = now + full end

local wait = empty_at + drop - full - now
if wait > 0 then return wait end
empty_at = empty_at + drop
local ttl_ms = math.ceil((empty_at - now) / 1000)
redis.call('SET', KEYS[1], string.format('%.0f', empty_at), 'PX', ttl_ms)
return 0
