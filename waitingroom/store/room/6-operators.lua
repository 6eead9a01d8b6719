-- The verbs of operators.

-- An operator's verb: who acts and why (JSON) is the second argument, and what it changes is
-- recorded by `finish`.
local function acting(body)
  return timed(function(keys, s, args)
    s.who, s.was = cjson.decode(args[2]), facts_of(keys, s)
    return body(keys, s, args)
  end)
end

-- Every act moves the version, keeps the state and is recorded.
local function finish(keys, s, act, detail)
  s.version = s.version + 1
  s.told = s.told + 1
  s.dirty = true
  s.early_known = phase_of(s) == 'scheduled' and 0 or 1
  local now = facts_of(keys, s)
  record(keys, s, s.who, act, detail, difference(s.was, now), difference(now, s.was))
  return tell_status(keys, s, {'', -1})
end

-- Starts the running counts of an epoch; settings stay.
local function begin_epoch(s)
  for _, field in ipairs({'opened_at_ms', 'closed_at_ms', 'draining', 'drawn_at_ms', 'tail',
    'serving', 'lapsed', 'timed_out', 'open_slot', 'old_slot', 'new_slot', 'read_by_ms', 'credit',
    'door', 'open_calls', 'at_door', 'leases', 'skips', 'came', 'missed', 'called', 'entered',
    'late', 'no_show', 'left', 'refused', 'released', 'expired', 'second_chances',
    'joined_due_ms', 'served_due_ms', 'gone_due_ms', 'lent', 'lent_slot',
    'next_extended_ms',
  }) do s[field] = 0 end
  s.drawn = -1
  s.next_gone_ms, s.next_expiry_ms = NEVER, NEVER
  s.meter_ms = SLOT  -- a slot at 0 would read as none
end

local function turn_epoch(keys, s, seed, commitment)
  redis.call('UNLINK', keys[SPENT], keys[LEFT], keys[SKIP], keys[RELEASED], keys[LEASES],
    keys[ENTERED], keys[CALLED], keys[DUE], keys[DOOR], keys[APPOINTMENTS],
    keys[CHANCES], keys[JOINED], keys[SERVED], keys[GONE], keys[ENDED],
    keys[EXTENDED])
  redis.call('HSET', keys[TEXTS], 'seed', seed, 'commitment', commitment)
  redis.call('HDEL', keys[TEXTS], 'end_reason', 'end_code')
  begin_epoch(s)
  s.epoch = s.epoch + 1
  s.staff_epoch = s.staff_epoch + 1
end

-- Times that were meant for another opening must not contradict this one: no later change of any
-- knob would be accepted, and a closing time that has passed would end the epoch at once.
local function open_at(s, opens_at_ms)
  s.opens_at_ms = opens_at_ms
  if opens_at_ms > 0 then s.early_at_ms = math.min(s.early_at_ms, opens_at_ms) end
  if opens_at_ms > 0 and s.draw_at_ms > opens_at_ms then s.draw_at_ms = 0 end
  if s.closes_at_ms <= math.max(s.now, opens_at_ms) then s.closes_at_ms = 0 end
end

local function is_text(field)
  return field == 'title' or field == 'message' or field == 'origins' or field == 'brand'
    or field == 'logo'
end

local function set_fields(keys, s, args, from)
  for i = from, #args, 2 do
    if is_text(args[i]) then
      redis.call('HSET', keys[TEXTS], args[i], args[i + 1])
    else
      s[args[i]] = tonumber(args[i + 1])
    end
  end
end

-- args: now, actor, seed, commitment, detail, then field and value in turn.
local function create(keys, args)
  if redis.call('EXISTS', keys[STATE]) == 1 then return redis.error_reply('WREXISTS') end
  local s = {tail_bytes = ''}
  for i = 1, #FIELDS do s[FIELDS[i]] = 0 end
  s.schema, s.epoch, s.staff_epoch = SCHEMA, 1, 1
  set_fields(keys, s, args, 6)
  begin_epoch(s)
  redis.call('HSET', keys[TEXTS], 'seed', args[3], 'commitment', args[4])
  local time = redis.call('TIME')
  s.now = time[1] * 1000 + math.floor(time[2] / 1000)
  if s.test_clock == 1 and args[1] ~= '' then s.now = tonumber(args[1]) end
  s.wall_ms = s.now
  s.who, s.was = cjson.decode(args[2]), {}
  local answer = finish(keys, s, 'create', args[5])
  save_room(keys, s)
  return answer
end

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
-- carry it along.
local function keep_for_undo(keys, s, detail, before)
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

local function is_old(s, version)
  return version ~= '' and tonumber(version) ~= s.version
end

local function conflict(s)
  return redis.error_reply('WRCONFLICT ' .. text_of(s.version))
end

-- args: now, actor, version ('': whatever it is), detail, then field and value in turn.
local set = acting(function(keys, s, args)
  if is_old(s, args[3]) then return conflict(s) end
  local frozen = frozen_field(s, args, 5)
  if frozen then
    return redis.error_reply('WRFROZEN ' .. (frozen == 'fifo' and 'draw' or frozen))
  end
  keep_for_undo(keys, s, 'set ' .. args[4], {words = values_of(keys, s, args, 5)})
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
local plan = acting(function(keys, s, args)
  if is_old(s, args[3]) then return conflict(s) end
  local detail = table.concat(args, ', ', 5)
  keep_for_undo(keys, s, 'plan ' .. detail, {
    steps = redis.call('LRANGE', keys[PLAN], 0, -1),
    ramps = redis.call('HGET', keys[TEXTS], 'ramps') or '',
  })
  replace_plan(keys, s, args, 5, args[4])
  return finish(keys, s, 'plan', detail)
end)

-- Why words cannot be put back, or nil. A time that has passed would open, draw or close at once.
local function not_undone(s, words)
  local frozen = frozen_field(s, words, 1)
  if frozen then return (frozen == 'fifo' and 'draw' or frozen) .. ' cannot be changed any more' end
  for i = 1, #words, 2 do
    local at = string.match(words[i], '_at_ms$') and tonumber(words[i + 1]) or 0
    if at > 0 and at <= s.now and at ~= s[words[i]] then
      return words[i] .. ' would be a time that has passed meanwhile'
    end
  end
end

-- args: now, actor, version (as above). Puts back what the last `set` or `plan` replaced, unless
-- anything came after it; a plan with what its steps have turned by now.
local undo = acting(function(keys, s, args)
  if is_old(s, args[3]) then return conflict(s) end
  local raw = redis.call('HGET', keys[TEXTS], 'undo')
  if not raw then
    return redis.error_reply('WRUNDO there is none, or it was taken back already')
  end
  local last = cjson.decode(raw)
  if tonumber(last.version) ~= s.version then
    return redis.error_reply(
      'WRUNDO an act of an operator, or a step of the plan for the same knob, came after it')
  end
  local wrong = last.words and not_undone(s, last.words)
  if wrong then return redis.error_reply('WRUNDO ' .. wrong) end
  redis.call('HDEL', keys[TEXTS], 'undo')
  if last.words then turn(keys, s, last.words, 1) end
  if last.steps then replace_plan(keys, s, last.steps, 1, last.ramps or '') end
  return finish(keys, s, 'undo', last.detail)
end)

-- Why an act is done, as shoppers are told: in words, and by the code of a reason; '' for none.
local function reason_of(args) return args[4], args[5] end

local function reason_words(text, code)
  return code .. ((code ~= '' and text ~= '') and ': ' or '') .. text
end

-- `what`: pause, end.
local function keep_reason(keys, what, text, code)
  redis.call('HSET', keys[TEXTS], what .. '_reason', text, what .. '_code', code)
end

-- args: now, actor, version, reason, its code, then what the act wants.
local function act(name, change)
  return acting(function(keys, s, args)
    if is_old(s, args[3]) then return conflict(s) end
    local wrong = change(keys, s, args)
    if wrong then return redis.error_reply('WRPHASE ' .. wrong) end
    return finish(keys, s, name, reason_words(reason_of(args)))
  end)
end

local pause = act('pause', function(keys, s, args)
  if s.closed_at_ms > 0 then return 'a closed room cannot be paused' end
  s.paused = 1
  keep_reason(keys, 'pause', reason_of(args))
  tell(keys, s, 'paused', reason_of(args))
end)

local resume = act('resume', function(keys, s, args)
  if s.paused == 0 then return 'the room is not paused' end
  s.paused = 0
  keep_reason(keys, 'pause', '', '')
  tell(keys, s, 'resumed', reason_of(args))
end)

local drain = act('drain', function(keys, s, args)
  if s.closed_at_ms > 0 then return 'a closed room cannot be drained' end
  if s.opened_at_ms == 0 then return 'the room has not opened yet' end
  s.draining = 1
  keep_reason(keys, 'end', reason_of(args))
  tell(keys, s, 'draining', reason_of(args))
end)

local close = act('close', function(keys, s, args)
  if s.closed_at_ms > 0 then return 'the room is closed already' end
  s.closed_at_ms = s.now
  keep_reason(keys, 'end', reason_of(args))
  tell(keys, s, 'closed', reason_of(args))
end)

-- args: …, seed, commitment (for the new epoch that reopening a closed room is).
local open = act('open', function(keys, s, args)
  if s.draining == 1 and s.closed_at_ms == 0 then
    s.draining = 0
    keep_reason(keys, 'end', '', '')
    tell(keys, s, 'opened', reason_of(args))
    return nil
  end
  if s.closed_at_ms > 0 then
    turn_epoch(keys, s, args[6], args[7])
  elseif s.opened_at_ms > 0 then
    return s.paused == 1 and 'the room is paused: resume it' or 'the room is open already'
  end
  open_at(s, s.now)
  draw_and_open(keys, s, reason_of(args))
end)

-- args: …, seed, commitment, opening time (0: as it was).
local reset = act('reset', function(keys, s, args)
  turn_epoch(keys, s, args[6], args[7])
  local opens_at_ms = tonumber(args[8])
  open_at(s, opens_at_ms > 0 and opens_at_ms or s.opens_at_ms)
  tell(keys, s, 'reset', reason_of(args))
end)

-- Ends every staff pass there is.
local revoke_staff = act('revoke_staff', function(_, s)
  s.staff_epoch = s.staff_epoch + 1
end)

-- args: now, actor, act, detail: an entry in the record for what happens outside the store.
local function note(keys, args)
  local s, problem = load_room(keys, args[1])
  if not s then return problem end
  record(keys, s, cjson.decode(args[2]), args[3], args[4])
  return {s.epoch, s.staff_epoch, s.now}
end

-- What belongs to no room. KEYS: the operators' accounts, and the system's own record and its head.
local ACCOUNTS, SYSTEM_LOG, SYSTEM_HEAD = 1, 2, 3

local function note_down(keys, who, act, detail, before, after)
  local time, by = redis.call('TIME'), cjson.decode(who)
  chain(keys[SYSTEM_LOG], keys[SYSTEM_HEAD], {
    at_ms = text_of(time[1] * 1000 + math.floor(time[2] / 1000)), actor = by.actor, from = by.from,
    why = by.why, act = act, detail = short(detail), before = before, after = after,
  })
end

-- args: actor, act, detail: an entry in the system's record.
local function system_note(keys, args)
  note_down(keys, args[1], args[2], args[3])
  return 1
end

local function is_admin(raw)
  return raw ~= '' and cjson.decode(raw).role == 'admin'
end

local function is_last_admin(accounts, kept, wanted)
  if not is_admin(kept) or is_admin(wanted) then return false end
  local admins = 0
  for _, raw in ipairs(redis.call('HVALS', accounts)) do
    if is_admin(raw) then admins = admins + 1 end
  end
  return admins < 2
end

-- args: actor, act, operator's name, what is kept of them and what shall be ('': nothing), of both what
-- the record may tell, and '1' where an admin must be left. Answers 0, and changes nothing, where
-- something else is kept; -1 where nobody would be left.
local function account(keys, args)
  local name, kept, wanted = args[3], args[4], args[5]
  if (redis.call('HGET', keys[ACCOUNTS], name) or '') ~= kept then return 0 end
  if args[8] == '1' and is_last_admin(keys[ACCOUNTS], kept, wanted) then return -1 end
  if wanted == '' then
    redis.call('HDEL', keys[ACCOUNTS], name)
  else
    redis.call('HSET', keys[ACCOUNTS], name, wanted)
  end
  note_down(keys, args[1], args[2], name, args[6], args[7])
  return 1
end

-- A full store can still be looked at (which whoever turns a knob does first), slowed down, paused.
local ALWAYS = {'allow-oom'}
local READS = {'no-writes'}
local ANY = {}
local VERBS = {
  {'join', join, ANY}, {'status', status, ALWAYS}, {'enter', enter, ANY}, {'express', express, ANY},
  {'extend', extend, ANY}, {'leave', leave, ANY}, {'standing', standing, READS},
  {'redeem', redeem, ANY}, {'stock', shop.stock, ALWAYS},
  {'renew', for_each_lease(renew_one), ANY}, {'release', for_each_lease(release_one), ALWAYS},
  {'create', create, ANY}, {'set', set, ALWAYS}, {'plan', plan, ANY}, {'undo', undo, ALWAYS},
  {'pause', pause, ALWAYS},
  {'resume', resume, ALWAYS}, {'drain', drain, ALWAYS}, {'close', close, ALWAYS},
  {'open', open, ANY}, {'reset', reset, ANY}, {'revoke_staff', revoke_staff, ANY},
  {'place', place, READS}, {'second_chance', second_chance, ANY},
  {'staff_pass', staff_pass, ANY}, {'revoke_pass', revoke_pass, ALWAYS},
  {'note', note, ANY}, {'system_note', system_note, ALWAYS}, {'account', account, ANY},
}
for i = 1, #VERBS do
  redis.register_function{
    function_name = 'wr_' .. VERBS[i][1] .. '_@HASH@', callback = VERBS[i][2], flags = VERBS[i][3],
  }
end
