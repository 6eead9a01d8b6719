-- The verbs of shoppers.

local function join_refusal(s)
  local phase = phase_of(s)
  if phase == 'scheduled' then return 'not_yet' end
  if phase == 'draining' or phase == 'closed' or s.joins == 0 then return 'closed' end
  if s.stock == 1 then return 'sold_out' end
  return nil
end

-- A promoted replica may be behind what a signed ticket proves was given out: never give it again.
local function raise_tail(s, arrival, epoch)
  if epoch == s.epoch and arrival > s.tail then s.tail, s.dirty = arrival, true end
end

-- What a network has used of its budget, in units that run out at `join_limit` a millisecond; and its
-- appointments that may still be kept. One further away than any can be is of a clock set back since.
local function budget_of(s, key)
  local used, promised = 0, {}
  local kept = redis.call('GET', key)
  if not kept then return used, promised end
  local fields = string.gmatch(kept, '%d+')
  local at
  used, at = tonumber(fields()), tonumber(fields())
  used = math.max(0, used - math.max(0, s.now - at) * s.join_limit)
  for field in fields do
    local ms = tonumber(field)
    if ms > s.now - APPOINTMENT_KEPT and ms <= s.now + LAST_APPOINTMENT then
      promised[#promised + 1] = ms
    end
  end
  return used, promised
end

local function keep_budget(s, key, used, promised)
  local lasts = math.max(1, math.ceil(used / s.join_limit))
  local value = {text_of(used), text_of(s.now)}
  for _, ms in ipairs(promised) do
    lasts = math.max(lasts, ms + APPOINTMENT_KEPT - s.now)
    value[#value + 1] = text_of(ms)
  end
  redis.call('SET', key, table.concat(value, ' '), 'PX',
    text_of(math.min(lasts, LAST_APPOINTMENT + APPOINTMENT_KEPT)))
end

-- Of the appointments: which one is shown, how many joins are held back for those that are due, and
-- the last of them.
local function look_at(s, promised, shown)
  local mine, held, last = nil, 0, 0
  for i, ms in ipairs(promised) do
    if ms == shown then mine = i end
    if ms <= s.now and ms > s.now - APPOINTMENT_HELD then held = held + 1 end
    last = math.max(last, ms)
  end
  return mine, held, last
end

-- Takes one join out of its network's budget and answers 0; or, where there is none, the
-- milliseconds until whoever asks may ask again. The appointments of a network are one join apart, so
-- that the people behind it come one by one, in the order of asking, and each finds a join. `shown` is
-- the time that the asker was told before (the gate signs it), 0 for none. Where it is an
-- appointment, its join is theirs, once. Who was told to ask again, and does, comes before who has
-- never asked: those get nothing at once while others have appointments, and the last quarter of the
-- appointments is not for them. So a program that throws away what it is told takes nothing.
local function spend(s, key, shown, appoint, nth)
  if s.join_limit == 0 or not key then return 0 end
  local used, promised = budget_of(s, key)
  local back = shown <= s.now and shown > s.now - APPOINTMENT_KEPT
  local mine, held, last = look_at(s, promised, back and shown or -1)
  local short = (mine and 1 or held + 1) * UNIT - (s.join_limit * UNIT - used)
  if short <= 0 and (back or last <= s.now) then
    if mine then table.remove(promised, mine) end
    keep_budget(s, key, used + UNIT, promised)
    return 0
  end
  local at = s.now + math.max(1, math.ceil(short / s.join_limit))
  local quarters = back and 4 or 3
  if mine then
    at = math.min(at, s.now + LAST_APPOINTMENT)
  else
    at = math.max(at, last + math.ceil(UNIT / s.join_limit))
    if at > s.now + LAST_APPOINTMENT * quarters / 4
        or #promised >= MOST_APPOINTMENTS * quarters / 4 then
      -- Spread, since those who hear it may have asked all at once.
      return NO_APPOINTMENT + (s.now * 31 + nth * 977) % (NO_APPOINTMENT / 2)
    end
  end
  if appoint then
    promised[mine or #promised + 1] = at
    keep_budget(s, key, used, promised)
  end
  return at - s.now
end

-- args: now, seen arrival, seen epoch, then in one text per joiner the index of its network's key (0:
-- none) and the time that it was told before (0: none).
-- Answers code, epoch, now, phase, drawn, fifo, and per joiner its arrival, or where that is over
-- the budget the milliseconds until it may ask again, below nought.
local join = timed(function(keys, s, args)
  raise_tail(s, tonumber(args[2]), tonumber(args[3]))
  local refusal = join_refusal(s)
  local answer = {refusal or 'joined', s.epoch, s.now, phase_of(s), s.drawn, s.fifo}
  if refusal then return answer end
  local before = s.tail
  for network, shown in string.gmatch(args[4], '(%d+) (%d+)') do
    local key = keys[EXTRA + tonumber(network) - 1]
    local wait = spend(s, network ~= '0' and key, tonumber(shown), true, #answer)
    if wait == 0 then
      s.tail, s.dirty = s.tail + 1, true
    end
    answer[#answer + 1] = wait == 0 and s.tail or -wait
  end
  if s.tail > before then moments.mark(keys, s, JOINED, 'joined_due_ms', before + 1) end
  return answer
end, true)

-- args: now, known text version, whether a gate asks (1, else 0). Answers the state, the seed (''
-- before the draw), and, where the caller's texts are old, the texts and the news.
local function tell_status(keys, s, args)
  if args[3] == '1' then s.gate_ms = s.now end
  local seed = s.drawn >= 0 and redis.call('HGET', keys[TEXTS], 'seed') or ''
  if tonumber(args[2]) == s.told then return {pack_room(s), seed} end
  local texts = redis.call('HMGET', keys[TEXTS], unpack(TEXTS_TOLD))
  return {pack_room(s), seed, texts, redis.call('LRANGE', keys[NEWS], 0, -1)}
end

local status = timed(tell_status)

local function lease_answer(keys, s, code, arrival)
  local expires = tonumber(redis.call('ZSCORE', keys[LEASES], arrival))
  local entered = tonumber(redis.call('HGET', keys[ENTERED], arrival))
  return {code, s.now, 0, 0, entered, expires, entered + session_max_of(s), s.entered}
end

local function refusal_of_standing(keys, s, arrival, number)
  if redis.call('GETBIT', keys[SPENT], arrival) == 1 then return 'spent' end
  if redis.call('GETBIT', keys[LEFT], arrival) == 1 then return 'left' end
  if number == 0 or number > s.serving then return 'not_called' end
  local at_door = s.at_door > 0 and redis.call('ZSCORE', keys[DOOR], arrival)
  if number <= s.lapsed and not at_door and extended_until(keys, s, arrival) == 0 then
    return 'lapsed'
  end
  return nil, at_door
end

-- When the place lapses, as the wall clock will say if the room runs until then, and whether more
-- time was given. `gone_at`: when (on the meter) who stands at the door has gone, else 0.
local function claim_by(keys, s, arrival, number, gone_at)
  local extended = extended_until(keys, s, arrival)
  local called = number > s.lapsed and lapses_at(keys, s, number) or 0
  local left = math.max(extended, called, gone_at) - s.meter_ms
  return s.now + math.max(0, left), extended > 0 and 1 or 0
end

-- The shopper stands at the door: they count as come, and get an appointment from their place there.
local function stand(keys, s, code, arrival, number, rank, at_door)
  local rate = math.max(1, s.rate_per_min)
  local wait = math.ceil(((rank + 1) * UNIT - s.door) / rate)
  if code == 'full' then wait = math.max(wait, 2000) end
  if s.rate_per_min == 0 then wait = 5000 end
  wait = math.max(250, wait)
  if not at_door then
    come(keys, s, number)
    s.at_door = s.at_door + 1
    redis.call('ZADD', keys[DOOR], text_of(number), arrival)
  end
  local gone_at = s.meter_ms + wait + KEPT_WAITING
  redis.call('ZADD', keys[APPOINTMENTS], text_of(gone_at), arrival)
  s.next_gone_ms = math.min(s.next_gone_ms, gone_at)
  s.refused = s.refused + 1
  s.dirty = true
  return {code, s.now, rank, wait, 0, 0, 0, 0, claim_by(keys, s, arrival, number, gone_at)}
end

local function take_lease(keys, s, arrival, number, at_door)
  if at_door then leave_door(keys, s, arrival) else come(keys, s, number) end
  local expires = s.now + s.session_ms
  s.door = s.door - UNIT
  s.leases = s.leases + 1
  s.entered = s.entered + 1
  s.dirty = true
  s.next_expiry_ms = math.min(s.next_expiry_ms, expires)
  redis.call('SETBIT', keys[SPENT], arrival, 1)
  redis.call('ZADD', keys[LEASES], text_of(expires), arrival)
  redis.call('HSET', keys[ENTERED], arrival, text_of(s.now))
  return lease_answer(keys, s, 'entered', arrival)
end

local function refused(s, refusal, number)
  if refusal ~= 'not_called' then return {refusal, s.now, 0, 0} end
  local ahead = math.max(0, number - s.serving - 1)
  return {refusal, s.now, ahead, math.ceil((ahead + 1) * UNIT / math.max(1, s.rate_per_min))}
end

-- What a shopper who knocks is told, in the order of DESIGN §4.
local function knock(keys, s, epoch, arrival, number)
  if epoch ~= s.epoch then return {'old_epoch', s.now, 0, 0} end
  raise_tail(s, tonumber(arrival), epoch)
  if redis.call('ZSCORE', keys[LEASES], arrival) then return lease_answer(keys, s, 'again', arrival) end
  local refusal, at_door = refusal_of_standing(keys, s, arrival, number)
  local phase = phase_of(s)
  -- Who is not inside by now would wait for nothing. Their place stays, should more come.
  local waits = refusal == 'not_called' or not refusal
  if s.stock == 1 and waits and phase ~= 'closed' then return {'sold_out', s.now, 0, 0} end
  if refusal then return refused(s, refusal, number) end
  if phase ~= 'open' then return {phase, s.now, 0, 0} end
  -- The lowest number at the door goes in first; whoever stands before me has first claim.
  local rank = s.at_door > 0
    and redis.call('ZCOUNT', keys[DOOR], '-inf', '(' .. text_of(number)) or 0
  if s.capacity > 0 and s.leases + rank >= s.capacity then
    return stand(keys, s, 'full', arrival, number, rank, at_door)
  end
  -- A door that has all the credit it can keep earns none: whoever is here may have it then, before
  -- it is lost on somebody who keeps no appointment (docs/decisions/door.md).
  local claimed = math.min(rank, burst_of(s) - 1)
  if math.floor(s.door / UNIT) <= claimed or s.rate_per_min == 0 then
    return stand(keys, s, 'door', arrival, number, rank, at_door)
  end
  return take_lease(keys, s, arrival, number, at_door)
end

-- args: now, epoch, arrival, number (0: not drawn yet). Answers code, now, ahead (or the place at
-- the door), retry_after_ms, and behind 'entered' and 'again': entered at, expires, ends, count;
-- behind 'door' and 'full', after four zeros: when the place lapses, whether more time was given.
local enter = timed(function(keys, s, args)
  return knock(keys, s, tonumber(args[2]), args[3], tonumber(args[4]))
end, true)

-- args: now, whether there is a network's key (1, else 0). Joins and enters in one step where nobody
-- waits and there is credit at hand; otherwise changes nothing and answers 'line'. Answers code,
-- epoch, arrival, and what `enter` answers.
local express = timed(function(keys, s, args)
  local free = is_moving(s) and s.joins == 1 and s.tail == s.serving and s.at_door == 0
    and s.door >= UNIT and (s.capacity == 0 or s.leases < s.capacity)
  s.tail = s.tail + 1
  -- Called, but not here yet, may be somebody for whom the last credit or place is held.
  free = free and callable(s) > 0
  local network = tonumber(args[2])
  if not free or spend(s, network > 0 and keys[EXTRA] or nil, 0, false, 0) > 0 then
    s.tail = s.tail - 1
    return {'line', s.epoch, 0}
  end
  moments.mark(keys, s, JOINED, 'joined_due_ms', s.tail)
  call_numbers(keys, s)
  local arrival = text_of(s.tail)
  local answer = {'joined', s.epoch, s.tail}
  for _, value in ipairs(knock(keys, s, s.epoch, arrival, s.tail)) do answer[#answer + 1] = value end
  return answer
end, true)

-- args: epoch, arrival and number in turn. Answers where each ticket stands. Writes nothing.
local function standing(keys, args)
  local s, problem = load_room(keys, '')
  if not s then return problem end
  local answer = {}
  for i = 1, #args, 3 do
    if tonumber(args[i]) ~= s.epoch then
      answer[#answer + 1] = 'old_epoch'
    elseif redis.call('ZSCORE', keys[LEASES], args[i + 1]) then
      answer[#answer + 1] = 'inside'
    else
      local number = tonumber(args[i + 2])
      answer[#answer + 1] = refusal_of_standing(keys, s, args[i + 1], number) or 'called'
    end
  end
  return answer
end

-- args: now, epoch, arrival, number (0: not drawn yet). Gives a called shopper `claim_grace` once
-- more. Answers as `enter` does at the door, with the code 'extended'; while the time given runs,
-- again the same.
local extend = timed(function(keys, s, args)
  local arrival, number = args[3], tonumber(args[4])
  if tonumber(args[2]) ~= s.epoch then return {'old_epoch', s.now, 0, 0} end
  raise_tail(s, tonumber(arrival), s.epoch)
  local refusal, at_door = refusal_of_standing(keys, s, arrival, number)
  if refusal then return refused(s, refusal, number) end
  if s.closed_at_ms > 0 then return {'closed', s.now, 0, 0} end
  if extended_until(keys, s, arrival) == 0 then
    local from = number > s.lapsed and lapses_at(keys, s, number) or s.meter_ms
    give_time(keys, s, arrival, math.max(from, s.meter_ms) + s.claim_grace_ms)
  end
  local gone_at = at_door and tonumber(redis.call('ZSCORE', keys[APPOINTMENTS], arrival)) or 0
  return {'extended', s.now, 0, 0, 0, 0, 0, 0, claim_by(keys, s, arrival, number, gone_at)}
end, true)

local function give_up_place(keys, s, arrival, number)
  if number == 0 then return end  -- before the draw: a no-show later
  if number > s.serving then
    redis.call('SETBIT', keys[SKIP], text_of(number), 1)
    s.skips = s.skips + 1
  elseif s.at_door > 0 and redis.call('ZSCORE', keys[DOOR], arrival) then
    leave_door(keys, s, arrival)
    s.credit = s.credit + UNIT
  elseif number > s.timed_out then
    redis.call('HINCRBY', keys[DUE], slot_of(keys, number), -1)
    s.open_calls = s.open_calls - 1
    if number > s.lent then s.credit = s.credit + UNIT end
  end
end

-- args: now, epoch, arrival, number (0: not drawn yet). Answers 'left', also when asked again.
local leave = timed(function(keys, s, args)
  local arrival, number = args[3], tonumber(args[4])
  if tonumber(args[2]) ~= s.epoch then return {'old_epoch', s.now} end
  if redis.call('GETBIT', keys[SPENT], arrival) == 1 then return {'spent', s.now} end
  raise_tail(s, tonumber(arrival), s.epoch)
  if redis.call('SETBIT', keys[LEFT], arrival, 1) == 0 then
    s.left = s.left + 1
    moments.note_end(keys, s, arrival, s.now)
    give_up_place(keys, s, arrival, number)
    s.credit = math.min(s.credit, burst_of(s) * UNIT)
    s.dirty = true
  end
  return {'left', s.now}
end, true)

