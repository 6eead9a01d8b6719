-- What operators do to a room: acts with a reason, which shoppers read.

-- Why an act is done, as shoppers are told: in words, and by the code of a reason; '' for none.
local function reason_of(args) return args[4], args[5] end

local function reason_words(text, code)
  return code .. ((code ~= '' and text ~= '') and ': ' or '') .. text
end

-- `what`: pause, end.
local function keep_reason(keys, what, text, code)
  redis.call('HSET', keys[TEXTS], what .. '_reason', text, what .. '_code', code)
end

-- args: now, actor, version, reason, its code, then what the act wants. `passes`:
-- whether it goes by, like a pause, and has nothing to do with the last change of knobs.
local function act(name, change, passes)
  return acting(function(keys, s, args)
    if is_old(s, args[3]) then return conflict(s) end
    local wrong = change(keys, s, args)
    if wrong then return redis.error_reply('WRPHASE ' .. wrong) end
    if passes then keep_undo(keys, s) end
    return finish(keys, s, name, reason_words(reason_of(args)))
  end)
end

local pause = act('pause', function(keys, s, args)
  if s.closed_at_ms > 0 then return 'a closed room cannot be paused' end
  s.paused = 1
  keep_reason(keys, 'pause', reason_of(args))
  tell(keys, s, 'paused', reason_of(args))
end, true)

local resume = act('resume', function(keys, s, args)
  if s.paused == 0 then return 'the room is not paused' end
  s.paused = 0
  keep_reason(keys, 'pause', '', '')
  tell(keys, s, 'resumed', reason_of(args))
end, true)

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
