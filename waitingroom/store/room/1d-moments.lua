-- Moments: about when an arrival joined, a number was called, or lapsed. All three only grow, so a few
-- marks tell it of everybody: pairs of the first one reached and the second (of the wall clock) of it,
-- eight bytes, at most one a second in the first quarter of an hour. Later they are as far apart as a
-- thousandth of the time since the first: some 5,600 in a day, however many people come.
--
-- One table, since a function library may have no more than 200 local variables of its own.
local moments = {MARK = '<I4I4', EVERY = 1000, STAYED = 2^21}

function moments.at(keys, key, nth)
  local raw = redis.call('GETRANGE', keys[key], 8 * nth, 8 * nth + 7)
  if #raw < 8 then return nil end
  return struct.unpack(moments.MARK, raw)
end

-- `due`: the state's field that says from when on the next mark is due.
function moments.mark(keys, s, key, due, first)
  if s.now < s[due] then return end
  local _, begun = moments.at(keys, key, 0)
  local last = moments.at(keys, key, math.floor(redis.call('STRLEN', keys[key]) / 8) - 1)
  if last and last >= first then  -- of the epoch before: an older library's reset leaves it behind
    redis.call('DEL', keys[key])
    begun = nil
  end
  local second = math.floor(s.now / 1000)
  redis.call('APPEND', keys[key], struct.pack(moments.MARK, first, second))
  s[due] = s.now + math.max(moments.EVERY, second - (begun or second))
end

-- The moment of the last mark at or before `reached`, in ms, by halves; 0 where there is none, as in a
-- room of before these were kept.
function moments.of(keys, key, reached)
  local low, high = -1, math.floor(redis.call('STRLEN', keys[key]) / 8)
  while high - low > 1 do
    local middle = math.floor((low + high) / 2)
    if moments.at(keys, key, middle) <= reached then low = middle else high = middle end
  end
  if low < 0 then return 0 end
  local _, second = moments.at(keys, key, low)
  return second * 1000
end

-- Of the last few who left, or whose visit ended, when that was and how long the visit: in the score of
-- one set, the second times STAYED and the visit's seconds. As with extensions, members name the epoch.
function moments.note_end(keys, s, arrival, began)
  local now = math.floor(s.now / 1000)
  local stayed = math.min(moments.STAYED - 1, math.max(0, now - math.floor(began / 1000)))
  redis.call('ZADD', keys[ENDED], text_of(now * moments.STAYED + stayed),
    text_of(s.epoch) .. '-' .. arrival)
  redis.call('ZREMRANGEBYRANK', keys[ENDED], 0, -(@ENDS_KEPT@ + 1))
end

-- When it ended, and when the visit began, in ms; 0 where that is not known any more.
function moments.end_of(keys, s, arrival)
  local score = tonumber(redis.call('ZSCORE', keys[ENDED], text_of(s.epoch) .. '-' .. arrival) or 0)
  local ended = math.floor(score / moments.STAYED)
  return ended * 1000, (ended - score % moments.STAYED) * 1000
end
