-- The meter: what the passing of time does to a room.
-- Other files see these; the rest is this file's own: a chunk of Lua has room for 200 locals.
local draw_and_open, timed
do

-- Let meter time pass up to a moment of the wall clock. A jump forward counts LONGEST_STEP at most.
-- None passes while nothing is left in the shop, or while no gate is there by which anybody could
-- come, whoever else looks: nobody's turn runs out before a shut door.
local function accrue(s, until_ms)
  local last = s.gate_ms > 0 and math.min(until_ms, s.gate_ms + GATE_AWAY) or until_ms
  local passed = math.min(LONGEST_STEP, math.max(0, last - s.wall_ms))
  s.wall_ms = math.max(s.wall_ms, until_ms)
  if not is_moving(s) then return end
  s.meter_ms = s.meter_ms + passed
  s.credit = s.credit + s.rate_per_min * passed
  s.door = math.min(s.door + s.rate_per_min * passed, burst_of(s) * UNIT)
end

local function anchor_clock(s)
  if s.wall_ms == 0 or s.wall_ms - s.now > STEP_BACK then
    if s.wall_ms ~= 0 then s.dirty = true end
    s.wall_ms = s.now
  end
  -- A small step back is waited out: to the room no time passes until the clock has caught up.
  s.now = math.max(s.now, s.wall_ms)
end

-- A phase that begins because its time (`due`) has come, and not by anybody's act.
local function pass_into(keys, s, act, before, due)
  record(keys, s, TIME, act, 'due ' .. text_of(due), phase_fact(before), phase_fact(phase_of(s)))
  s.dirty = true
end

-- No fact is stored when people may begin to join: here it is only told, once.
local function become_early(keys, s)
  if s.early_known == 1 or s.now < s.early_at_ms then return end
  s.early_known = 1
  if phase_of(s) == 'early' then pass_into(keys, s, 'early', 'scheduled', s.early_at_ms) end
end

-- `text`, `reason`: why somebody opens it, where it is not its time that does.
function draw_and_open(keys, s, text, reason)
  if s.closed_at_ms > 0 or s.opened_at_ms > 0 then return end
  local opens = s.opens_at_ms > 0 and s.now >= s.opens_at_ms
  if s.drawn < 0 and (opens or (s.draw_at_ms > 0 and s.now >= s.draw_at_ms)) then
    s.drawn, s.drawn_at_ms, s.dirty = s.tail, s.now, true
    -- Where places go by arrival, or nobody came early, there was no draw to speak of.
    if s.fifo == 0 and s.drawn > 0 then
      tell(keys, s, 'drawn', text_of(s.drawn))
      record(keys, s, s.who or TIME, 'drawn', text_of(s.drawn) .. ' early places')
    end
  end
  if not opens then return end
  local before = phase_of(s)
  s.opened_at_ms = s.now
  s.wall_ms = s.now
  s.credit, s.door = burst_of(s) * UNIT, burst_of(s) * UNIT
  -- No call is timed out before the page could have read the seed.
  s.read_by_ms = s.meter_ms + math.max(0, spread_of(s) - (s.now - s.drawn_at_ms))
  tell(keys, s, 'opened', text or '', reason)
  if not s.who then pass_into(keys, s, 'opened', before, s.opens_at_ms) end
end

-- Due steps of the knob plan: `at_ms field value`, in order of time. Time up to a step passes at
-- the old setting: what has accrued is not priced again.
local function follow_plan(keys, s)
  while s.steps > 0 do
    local step = redis.call('LINDEX', keys[PLAN], 0)
    local at, field, value = step_of(step or '')
    if at and tonumber(at) > s.now then return end
    redis.call('LPOP', keys[PLAN])
    s.steps = s.steps - 1
    s.dirty = true
    -- A step that cannot be read is dropped: it must not stop the room.
    if at then
      accrue(s, tonumber(at))
      tell_step(keys, s, tonumber(at), field, tonumber(value))
      carry_undo(keys, s, step, field, value)
      record(keys, s, TIME, 'step', 'due ' .. at, fact(field, text_of(s[field])), fact(field, value))
      s[field] = tonumber(value)
      s.version = s.version + 1
    end
  end
end

local function close_if_due(keys, s)
  if s.closes_at_ms > 0 and s.closed_at_ms == 0 and s.now >= s.closes_at_ms then
    local before = phase_of(s)
    s.closed_at_ms = s.now
    tell(keys, s, 'closed', '')
    pass_into(keys, s, 'closed', before, s.closes_at_ms)
  end
end

local function expire_leases(keys, s)
  if s.leases == 0 or s.now < s.next_expiry_ms then return end
  local over = redis.call('ZRANGEBYSCORE', keys[LEASES], '-inf', text_of(s.now), 'LIMIT', 0, SWEEP)
  if #over > 0 then
    for i, began in ipairs(redis.call('HMGET', keys[ENTERED], unpack(over))) do
      moments.note_end(keys, s, over[i], tonumber(began) or s.now)
    end
    redis.call('ZREM', keys[LEASES], unpack(over))
    redis.call('HDEL', keys[ENTERED], unpack(over))
    s.leases = s.leases - #over
    s.expired = s.expired + #over
    s.dirty = true
  end
  local first = redis.call('ZRANGE', keys[LEASES], 0, 0, 'WITHSCORES')
  s.next_expiry_ms = first[2] and tonumber(first[2]) or NEVER
end

local function clear_door(keys, s)
  if s.at_door == 0 or s.meter_ms < s.next_gone_ms then return end
  local gone = redis.call('ZRANGEBYSCORE', keys[APPOINTMENTS], '-inf', text_of(s.meter_ms),
    'LIMIT', 0, SWEEP)
  for _, arrival in ipairs(gone) do
    local number = tonumber(redis.call('ZSCORE', keys[DOOR], arrival))
    leave_door(keys, s, arrival)
    uncome(keys, s, number)
    s.dirty = true
  end
  local first = redis.call('ZRANGE', keys[APPOINTMENTS], 0, 0, 'WITHSCORES')
  s.next_gone_ms = first[2] and tonumber(first[2]) or NEVER
end

-- Bring the room to `s.now`. Every verb begins with this, so there is no ticker to die or run twice.
local function advance(keys, s)
  anchor_clock(s)
  become_early(keys, s)
  draw_and_open(keys, s)
  follow_plan(keys, s)
  accrue(s, s.now)
  close_if_due(keys, s)
  expire_leases(keys, s)
  clear_door(keys, s)
  lend(keys, s)
  time_out_calls(keys, s)
  lapse(keys, s)
  end_extensions(keys, s)
  if is_moving(s) then call_numbers(keys, s) end
  s.credit = math.min(s.credit, burst_of(s) * UNIT)
end

-- Whether the passing of time itself must be kept. Where credit is full and no call is out, it need
-- not be; elsewhere once a second will do (an idle room wrote 520 MB of log a day otherwise).
local function must_save(s)
  if s.dirty or s.stored_wall_ms == 0 then return true end
  if not is_moving(s) then return false end
  local full = burst_of(s) * UNIT
  local nobody = s.old_slot == 0 and s.at_door == 0 and s.next_extended_ms == 0
  if s.credit == full and s.door == full and nobody then
    return s.was_full ~= true
  end
  return s.wall_ms - s.stored_wall_ms >= 1000 or s.gate_ms - s.stored_gate_ms >= 1000
end

-- A verb over time: its body finds the room brought to now, and says `s.dirty` where it changes it.
-- `by_gate`: only gates ask it.
function timed(body, by_gate)
  return function(keys, args)
    local s, problem = load_room(keys, args[1])
    if not s then return problem end
    local full = burst_of(s) * UNIT
    s.was_full = s.credit == full and s.door == full
    s.stored_gate_ms = s.gate_ms
    advance(keys, s)
    if by_gate and s.gate_ms > 0 then s.gate_ms = s.now end
    local answer = body(keys, s, args)
    if must_save(s) then save_room(keys, s) end
    return answer
  end
end

end
