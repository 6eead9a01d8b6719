-- Knobs turned, their plan, and the last change taken back.
-- Other files see these; the rest is this file's own: a chunk of Lua has room for 200 locals.
local set, plan, undo
do

-- Which knobs are past changing: a place that was shown, or a draw that was promised, stays what
-- it was for those who came for it.
local function is_frozen(s, field)
  if field == 'fifo' then return s.tail > 0 or s.drawn >= 0 end
  if field == 'draw_at_ms' then return s.drawn >= 0 end
  return (field == 'opens_at_ms' or field == 'early_at_ms') and s.opened_at_ms > 0
end

local function frozen_field(s, words, from)
  for i = from, #words, 2 do
    if is_frozen(s, words[i]) and tonumber(words[i + 1]) ~= s[words[i]] then return words[i] end
  end
end

-- Turn knobs, and tell shoppers what is their business.
local function turn(keys, s, words, from)
  local rate, message = s.rate_per_min, redis.call('HGET', keys[TEXTS], 'message')
  set_fields(keys, s, words, from)
  if s.rate_per_min ~= rate then tell(keys, s, 'rate_per_min', text_of(s.rate_per_min)) end
  local said = redis.call('HGET', keys[TEXTS], 'message')
  if said ~= message and said ~= '' then tell(keys, s, 'message', said) end
  -- Time to come is measured by the new settings; what has been earned above a new burst is not kept.
  s.credit = math.min(s.credit, burst_of(s) * UNIT)
  s.door = math.min(s.door, burst_of(s) * UNIT)
end

-- Keep what a change replaces (`words`: field and value in turn; or `steps` and `ramps`), under the
-- version that it leads to: whatever moves the version on ends this, but for steps of the plan that
-- carry it along. `args`, from the fifth on, are what it asks for: one that asks for what is there
-- (it was sent twice, perhaps) must not make the change before it one that nobody can take back.
local function keep_for_undo(keys, s, args, detail, before)
  local there = before.words or before.steps
  local is_other = #args - 4 ~= #there or (before.ramps or args[4]) ~= args[4]
  for i = 1, #there do is_other = is_other or args[i + 4] ~= there[i] end
  if not is_other then return keep_undo(keys, s) end
  before.version, before.detail = text_of(s.version + 1), detail
  before.actor, before.at_ms = s.who.actor, text_of(s.now)
  redis.call('HSET', keys[TEXTS], 'undo', cjson.encode(before))
end

local function values_of(keys, s, args, from)
  local words = {}
  for i = from, #args, 2 do
    local is_word = is_text(args[i])
    words[#words + 1] = args[i]
    words[#words + 1] = is_word and (redis.call('HGET', keys[TEXTS], args[i]) or '')
      or text_of(s[args[i]] or 0)
  end
  return words
end

-- args: now, actor, version ('': whatever it is), detail, then field and value in turn.
set = acting(function(keys, s, args)
  if is_old(s, args[3]) then return conflict(s) end
  local frozen = frozen_field(s, args, 5)
  if frozen then
    return redis.error_reply('WRFROZEN ' .. (frozen == 'fifo' and 'draw' or frozen))
  end
  keep_for_undo(keys, s, args, 'set ' .. args[4], {words = values_of(keys, s, args, 5)})
  turn(keys, s, args, 5)
  return finish(keys, s, 'set', args[4])
end)

local function replace_plan(keys, s, steps, from, ramps)
  redis.call('HSET', keys[TEXTS], 'ramps', ramps)
  redis.call('DEL', keys[PLAN])
  for i = from, #steps do redis.call('RPUSH', keys[PLAN], steps[i]) end
  s.steps = #steps - from + 1
end

-- args: now, actor, version (as above), ramps ("field begins_ms ends_ms first last", with commas
-- between), then `at_ms field value` steps in order of time; they replace the plan.
plan = acting(function(keys, s, args)
  if is_old(s, args[3]) then return conflict(s) end
  local detail = table.concat(args, ', ', 5)
  keep_for_undo(keys, s, args, 'plan ' .. detail, {
    steps = redis.call('LRANGE', keys[PLAN], 0, -1),
    ramps = redis.call('HGET', keys[TEXTS], 'ramps') or '',
  })
  replace_plan(keys, s, args, 5, args[4])
  return finish(keys, s, 'plan', detail)
end)

local IN_WORDS = {
  fifo = 'the choice of draw or first come', early_at_ms = 'the beginning of joining',
  draw_at_ms = 'the time of the draw', opens_at_ms = 'the opening', closes_at_ms = 'the closing',
}

-- Why words cannot be put back, or nil. A time that has passed would open, draw or close at once.
local function not_undone(s, words)
  local frozen = frozen_field(s, words, 1)
  if frozen then return IN_WORDS[frozen] .. ' cannot be changed any more' end
  for i = 1, #words, 2 do
    local at = string.match(words[i], '_at_ms$') and tonumber(words[i + 1]) or 0
    if at > 0 and at <= s.now and at ~= s[words[i]] then
      return IN_WORDS[words[i]] .. ' would be at a time that has passed meanwhile'
    end
  end
end

-- args: now, actor, version (as above). Puts back what the last `set` or `plan` replaced, unless
-- anything came after it; a plan with what its steps have turned by now.
undo = acting(function(keys, s, args)
  if is_old(s, args[3]) then return conflict(s) end
  local raw = redis.call('HGET', keys[TEXTS], 'undo')
  if not raw then
    return redis.error_reply('WRUNDO there is none, or it was taken back already')
  end
  local last = cjson.decode(raw)
  if tonumber(last.version) ~= s.version then
    return redis.error_reply(
      'WRUNDO another act than a pause, or a step of the plan for the same knob, came after it')
  end
  local wrong = last.words and not_undone(s, last.words)
  if wrong then return redis.error_reply('WRUNDO ' .. wrong) end
  redis.call('HDEL', keys[TEXTS], 'undo')
  if last.words then turn(keys, s, last.words, 1) end
  if last.steps then replace_plan(keys, s, last.steps, 1, last.ramps or '') end
  return finish(keys, s, 'undo', last.detail)
end)

end
