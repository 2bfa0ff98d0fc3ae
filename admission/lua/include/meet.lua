-- How many of the line, not yet passed by the cursor, will not be served from it.
local function count_gone(keys, room, fan, mark, change)
  local rank = rank_of(keys.line, fan, mark)
  if rank and rank >= number_of(room.cursor) then
    redis.call('HINCRBY', keys.room, 'gone', change)
    return true
  end
  return false
end

-- Puts a fan whom the cursor has passed where returned fans are served first, by score.
local function come_back(keys, room, fan, mark)
  redis.call('ZADD', keys.returned, whole(mark.score), fan)
  redis.call('HSET', keys.room, 'returned', '1')
  room.returned = '1'
  mark.kind, mark.expires = 'q', 0
  write_mark(keys.marks, fan, mark)
end

-- A banned fan waits for ever; one who is banned no more goes on from the old place.
local function set_endless(keys, room, fan, mark, endless)
  if endless and (mark.kind == 'w' or mark.kind == 'q' or mark.kind == 'y') then
    if mark.kind == 'w' then count_gone(keys, room, fan, mark, 1) end
    if mark.kind == 'q' then redis.call('ZREM', keys.returned, fan) end
    if mark.kind == 'y' then redis.call('HINCRBY', keys.room, 'away', -1) end
    mark.kind, mark.expires = 'e', 0
    write_mark(keys.marks, fan, mark)
  elseif mark.kind == 'e' and not endless then
    if count_gone(keys, room, fan, mark, -1) then
      mark.kind = 'w'
      write_mark(keys.marks, fan, mark)
    else
      come_back(keys, room, fan, mark)
    end
  end
end

-- A sign of life is kept near the head only. Half a millisecond marks a page that needs patience.
local function note_seen(keys, room, fan, mark, rank, asker)
  if mark.kind == 'a' and redis.call('ZREM', keys.fresh, fan) == 1 then
    redis.call('HINCRBY', keys.room, 'shown_new', 1)
  end
  local near = mark.kind == 'q'
    or (mark.kind == 'w' and rank and rank < number_of(room.near))
  if near then
    local seen_until = whole(number_of(room.vclock) + asker.grace_ms)
    redis.call('ZADD', keys.seen, seen_until .. (asker.patient and '.5' or ''), fan)
  end
end

-- Somebody who has a place asks for it: that is a sign of life, and brings an away fan back.
local function meet(keys, room, fan, mark, now, asker)
  set_endless(keys, room, fan, mark, asker.endless)
  local rank = rank_of(keys.line, fan, mark)
  local kind = mark.kind
  if kind == 'y' and not is_over(mark, now, number_of(room.vclock)) then
    redis.call('HINCRBY', keys.room, 'away', -1)
    come_back(keys, room, fan, mark)
  end
  note_seen(keys, room, fan, mark, rank, asker)
  return describe(keys, room, fan, mark, false, now, rank, kind)
end
