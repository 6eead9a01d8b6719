-- Moments: about when an arrival joined, a number was called, or lapsed. All three only grow, so a few
-- marks tell it of everybody: pairs of the first one reached and the second (of the wall clock) of it,
-- eight bytes, at most one a second in the first quarter of an hour. Later they are as far apart as a
-- thousandth of the time since the first: some 5,600 in a day, however many people come.

local MARK, MARKED_EVERY = '<I4I4', 1000

local function mark_at(keys, key, nth)
  local raw = redis.call('GETRANGE', keys[key], 8 * nth, 8 * nth + 7)
  if #raw < 8 then return nil end
  return struct.unpack(MARK, raw)
end

-- `due`: the state's field that says from when on the next mark is due.
local function mark(keys, s, key, due, first)
  if s.now < s[due] then return end
  local _, begun = mark_at(keys, key, 0)
  local last = mark_at(keys, key, math.floor(redis.call('STRLEN', keys[key]) / 8) - 1)
  if last and last >= first then  -- of the epoch before: an older library's reset leaves it behind
    redis.call('DEL', keys[key])
    begun = nil
  end
  local second = math.floor(s.now / 1000)
  redis.call('APPEND', keys[key], struct.pack(MARK, first, second))
  s[due] = s.now + math.max(MARKED_EVERY, second - (begun or second))
end

-- The moment of the last mark at or before `reached`, in ms, by halves; 0 where there is none, as in a
-- room of before these were kept.
local function moment_of(keys, key, reached)
  local low, high = -1, math.floor(redis.call('STRLEN', keys[key]) / 8)
  while high - low > 1 do
    local middle = math.floor((low + high) / 2)
    if mark_at(keys, key, middle) <= reached then low = middle else high = middle end
  end
  if low < 0 then return 0 end
  local _, second = mark_at(keys, key, low)
  return second * 1000
end
