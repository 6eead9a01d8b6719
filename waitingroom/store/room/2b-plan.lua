-- What a step of the knob plan means to others: to shoppers, and to whoever takes a change back.

local function step_of(line)
  return string.match(line, '^(%d+) ([%w_]+) (%d+)$')
end

-- Shoppers hear what `set` would tell them: the rate, where it is another. Of a ramp they hear of its
-- first step and its last: all twenty would drive everything else out of the news.
local function tell_step(keys, s, at, field, value)
  if field ~= 'rate_per_min' or s[field] == value then return end
  local ramps = redis.call('HGET', keys[TEXTS], 'ramps') or ''
  for ramped, begins, ends in string.gmatch(ramps, '([%w_]+) (%d+) (%d+) %d+ %d+') do
    if ramped == field and tonumber(begins) < at and at < tonumber(ends) then return end
  end
  tell(keys, s, field, text_of(value))
end

-- Where `field` stands in words, which are field and value in turn; nil for nowhere.
local function place_in(words, field)
  for i = 1, #words, 2 do
    if words[i] == field then return i end
  end
end

-- Steps without the one in this line, and without those of its knob that come before it.
local function after_step(steps, line, field)
  local kept, found = {}, false
  for i = #steps, 1, -1 do
    local _, other = step_of(steps[i])
    if not found and steps[i] == line then found = true
    elseif not (found and other == field) then table.insert(kept, 1, steps[i]) end
  end
  return found and kept or steps, found
end

-- The last change can still be taken back at the next version.
local function carry(keys, s, last)
  last.version = text_of(s.version + 1)
  redis.call('HSET', keys[TEXTS], 'undo', cjson.encode(last))
end

-- The last change of this version, or nil.
local function last_change(keys, s)
  local raw = redis.call('HGET', keys[TEXTS], 'undo')
  local last = raw and cjson.decode(raw)
  return last and tonumber(last.version) == s.version and last or nil
end

-- An act that has nothing to do with knobs leaves the last change one that can be taken back.
local function keep_undo(keys, s)
  local last = last_change(keys, s)
  if last then carry(keys, s, last) end
end

-- A step that is followed leaves the last change one that can be taken back, unless both are about
-- the same knob. A plan goes back to what would be without it: with what its own steps have turned,
-- and never with what steps of the plan before it have, which were followed as they would have been.
local function carry_undo(keys, s, line, field, value)
  local last = last_change(keys, s)
  if not last then return end
  last.words = last.words or {}
  local place, old = place_in(last.words, field), false
  if last.steps then
    last.steps, old = after_step(last.steps, line, field)
    if old and place then last.words[place + 1] = value end
    if not (old or place) then
      last.words[#last.words + 1] = field
      last.words[#last.words + 1] = text_of(s[field])
    end
  elseif place then
    return
  end
  carry(keys, s, last)
end
