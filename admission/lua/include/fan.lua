-- A fan's mark is `kind:round:score:pass:expires_ms`. Kinds: w waits in the line, q waits in the
-- returned set, y away (stepped aside; expires_ms is by the room's clock), p picked (admission not
-- yet in SQL), a admitted, d done, l left, b barred, e endless: waits and is never let in.
-- A fan without a mark who is in the line waits there in round 1, so that a million waiting fans
-- need no marks. A new place after the first one is a new member of the line, `fan~round`,
-- because nobody is ever removed from it.
local rounds_max = 999

local function member_of(fan, round)
  if round == 1 then return fan end
  return fan .. '~' .. round
end

local function parse_mark(text)
  local kind, round, score, pass, expires =
    string.match(text, '^(%a):(%d+):(%d*):(%w*):(%d*)$')
  return {
    kind = kind,
    round = tonumber(round),
    score = tonumber(score),
    pass = pass,
    expires = tonumber(expires) or 0,
  }
end

local function write_mark(key, fan, mark)
  redis.call('HSET', key, fan, table.concat({
    mark.kind, mark.round, mark.score and whole(mark.score) or '', mark.pass or '',
    mark.expires and whole(mark.expires) or '',
  }, ':'))
end

-- The fan's mark, made up for one who waits in round 1; nil for a stranger.
local function find_fan(line, marks, fan)
  local text = redis.call('HGET', marks, fan)
  if text then return parse_mark(text) end
  local score = redis.call('ZSCORE', line, fan)
  if not score then return nil end
  return { kind = 'w', round = 1, score = tonumber(score), pass = '', expires = 0 }
end

local function is_waiting(mark)
  return mark.kind == 'w' or mark.kind == 'q' or mark.kind == 'p' or mark.kind == 'y'
    or mark.kind == 'e'
end

-- A pass that ran out, or a place that was kept long enough for somebody away, is over without
-- anybody having to write it.
local function is_over(mark, now, vclock)
  return mark.kind == 'd' or mark.kind == 'l' or (mark.kind == 'a' and mark.expires <= now)
    or (mark.kind == 'y' and mark.expires <= vclock)
end

-- The rank of the place that a mark speaks of; nil when it isn't in the line.
local function rank_of(line, fan, mark)
  if not mark.score then return nil end
  local member = member_of(fan, mark.round)
  local score = redis.call('ZSCORE', line, member)
  if not score or tonumber(score) ~= mark.score then return nil end
  return redis.call('ZRANK', line, member)
end

-- How many are served before a fan: those of the returned set with lower scores, and those of
-- the line that the cursor has not passed.
local function ahead_of(line, returned, mark, rank, cursor, some_returned)
  if mark.kind == 'p' or not mark.score then return 0 end
  local below = '(' .. whole(mark.score)
  local before = rank or redis.call('ZCOUNT', line, '-inf', below)
  local ahead = math.max(0, before - cursor)
  -- Most rooms never see a returned fan, and then need not look.
  if some_returned then
    ahead = ahead + redis.call('ZCOUNT', returned, '-inf', below)
  end
  return ahead
end

-- The answer about one fan, one text with | between: ok, created, kind, over, score, rank, ahead,
-- pass, expires_ms, state, restoring, lobby; empty where there is none. `rank` saves the look-up
-- for one who has just come to the end of the line, `kind` tells another kind than the mark's.
local function describe(keys, room, fan, mark, created, now, rank, kind)
  local cursor = number_of(room.cursor)
  rank = rank or rank_of(keys.line, fan, mark)
  local ahead = 0
  if is_waiting(mark) then
    ahead = ahead_of(keys.line, keys.returned, mark, rank, cursor,
      room.returned == '1')
  end
  return table.concat({
    'ok', created and '1' or '0', kind or mark.kind,
    is_over(mark, now, number_of(room.vclock)) and '1' or '0',
    mark.score and whole(mark.score) or '', rank and whole(rank) or '', whole(ahead),
    mark.pass, whole(mark.expires), state_of(room, now), is_restoring(room) and '1' or '0',
    room.latched == '1' and '0' or '1',
  }, '|')
end
