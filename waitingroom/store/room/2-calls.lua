-- Calls: who is called, who came, and whose credit goes to the next.

-- The slot (its meter time) in which a number was called, or nil.
local function slot_of(keys, number)
  return redis.call('ZREVRANGEBYSCORE', keys[CALLED], text_of(number), '-inf', 'LIMIT', 0, 1)[1]
end

-- The first slot after a number: its meter time and its first number, or 0.
local function slot_after(keys, number)
  local found = redis.call('ZRANGEBYSCORE', keys[CALLED], '(' .. text_of(number), '+inf',
    'WITHSCORES', 'LIMIT', 0, 1)
  if not found[1] then return 0, 0 end
  return tonumber(found[1]), tonumber(found[2])
end

-- The slot that follows the one which begins behind `number`, or 0, and the last number before it.
local function behind_slot(keys, s, number)
  local _, first = slot_after(keys, number)
  local slot, next_first = slot_after(keys, first)
  return slot, slot > 0 and next_first - 1 or s.serving
end

-- A called shopper is here: the call is answered. Where its credit was lent to the next meanwhile,
-- it is taken again, and the meter calls one fewer.
local function come(keys, s, number)
  if number <= s.lent then s.credit = s.credit - UNIT end
  if number > s.timed_out then
    redis.call('HINCRBY', keys[DUE], slot_of(keys, number), -1)
    s.open_calls = s.open_calls - 1
  else
    s.late = s.late + 1
    s.missed = math.max(0, s.missed - 1)
  end
  s.came = s.came + 1
end

-- A shopper who stood at the door has gone: undo `come`, so that the place goes to the next.
local function uncome(keys, s, number)
  if number <= s.lent then s.credit = s.credit + UNIT end
  if number > s.timed_out then
    redis.call('HINCRBY', keys[DUE], slot_of(keys, number), 1)
    s.open_calls = s.open_calls + 1
  else
    s.no_show = s.no_show + 1
    s.missed = s.missed + 1
  end
  s.came = math.max(0, s.came - 1)
end

local function leave_door(keys, s, arrival)
  redis.call('ZREM', keys[DOOR], arrival)
  redis.call('ZREM', keys[APPOINTMENTS], arrival)
  s.at_door = s.at_door - 1
end

local function is_over(s, slot, allowed_ms)
  return slot > 0 and s.meter_ms >= math.max(slot, s.read_by_ms) + SLOT + allowed_ms
end

-- While nobody stands at the door, calls that nobody answered in LENT_AFTER lend their credit to the
-- next (docs/decisions/meter.md); after `call_timeout` they do in any case. Whatever an older
-- library, which knows of no lending, has timed out is behind it.
local function lend(keys, s)
  if s.lent < s.timed_out then s.lent, s.lent_slot = s.timed_out, s.open_slot end
  if s.lent_slot == 0 and s.lent < s.serving then s.lent_slot = slot_after(keys, s.lent) end
  local soon = s.at_door > 0 and s.call_timeout_ms or math.min(LENT_AFTER, s.call_timeout_ms)
  while is_over(s, s.lent_slot, soon) do
    s.credit = s.credit + UNIT * redis.call('HGET', keys[DUE], text_of(s.lent_slot))
    s.lent_slot, s.lent = behind_slot(keys, s, s.lent)
    s.dirty = true
  end
end

-- Calls that nobody answered in `call_timeout` are no-shows.
local function time_out_calls(keys, s)
  while is_over(s, s.open_slot, s.call_timeout_ms) do
    local silent = tonumber(redis.call('HGET', keys[DUE], text_of(s.open_slot)))
    redis.call('HDEL', keys[DUE], text_of(s.open_slot))
    s.open_calls = s.open_calls - silent
    s.no_show = s.no_show + silent
    s.missed = s.missed + silent
    s.open_slot, s.timed_out = behind_slot(keys, s, s.timed_out)
    s.dirty = true
  end
  if s.came + s.missed > 200 then
    s.came, s.missed = math.floor(s.came / 2), math.floor(s.missed / 2)
  end
end

-- Places called `claim_grace` ago and never taken are gone.
local function lapse(keys, s)
  while s.old_slot ~= s.open_slot and is_over(s, s.old_slot, s.claim_grace_ms) do
    redis.call('ZREM', keys[CALLED], text_of(s.old_slot))
    moments.mark(keys, s, GONE, 'gone_due_ms', s.lapsed + 1)
    local slot, first = slot_after(keys, s.lapsed)
    s.old_slot = slot
    s.lapsed = slot > 0 and first - 1 or s.serving
    s.dirty = true
  end
end

-- When (on the meter) the place of a called number that has not lapsed is gone.
local function lapses_at(keys, s, number)
  return math.max(tonumber(slot_of(keys, number)), s.read_by_ms) + SLOT + s.claim_grace_ms
end

-- Members name their epoch: an older library, which does not know of this set, leaves it behind.
local function extension_of(s, arrival)
  return text_of(s.epoch) .. '-' .. arrival
end

-- Until when (on the meter) more time was given to a called shopper, or 0.
local function extended_until(keys, s, arrival)
  if s.next_extended_ms == 0 then return 0 end
  local ends = tonumber(redis.call('ZSCORE', keys[EXTENDED], extension_of(s, arrival)) or 0)
  return ends > s.meter_ms and ends or 0
end

-- More time for a called shopper's place, which changes nothing else: not the no-show rule, not the
-- order.
local function give_time(keys, s, arrival, ends)
  redis.call('ZADD', keys[EXTENDED], text_of(ends), extension_of(s, arrival))
  local first = s.next_extended_ms
  s.next_extended_ms = first == 0 and ends or math.min(first, ends)
  s.dirty = true
end

local function end_extensions(keys, s)
  if s.next_extended_ms == 0 or s.meter_ms < s.next_extended_ms then return end
  local over = redis.call('ZRANGEBYSCORE', keys[EXTENDED], '-inf', text_of(s.meter_ms),
    'LIMIT', 0, SWEEP)
  if #over > 0 then redis.call('ZREM', keys[EXTENDED], unpack(over)) end
  local first = redis.call('ZRANGE', keys[EXTENDED], 0, 0, 'WITHSCORES')
  s.next_extended_ms = tonumber(first[2] or 0)
  s.dirty = true
end

-- How many may be called now.
local function callable(s)
  local burst = burst_of(s)
  local n = math.min(math.floor(s.credit / UNIT), s.tail - s.serving)
  n = math.min(n, burst + math.floor(4 * s.rate_per_min * s.call_timeout_ms / UNIT) - s.open_calls)
  if s.capacity > 0 then
    local free = math.max(0, s.capacity - s.leases - s.at_door)
    local answered = math.max(250, 1000 - math.floor(1000 * s.missed / math.max(1, s.came + s.missed)))
    n = math.min(n, math.floor(free * 1000 / answered) - s.open_calls)
  end
  return math.max(0, n)
end

-- The end of the run of live numbers that begins behind `number`, and whether it is empty. Numbers
-- that left are jumped by BITPOS: one by one, a million leavers block the store for a second.
local function live_run(keys, s, number)
  if s.skips == 0 then return s.tail end
  local gone = redis.call('BITPOS', keys[SKIP], 1, text_of(number + 1), -1, 'BIT')
  if gone < 0 then
    s.skips = 0
    return s.tail
  end
  return math.min(s.tail, gone - 1)
end

local function behind_leavers(keys, s, number)
  local live = redis.call('BITPOS', keys[SKIP], 0, text_of(number + 1), -1, 'BIT')
  if live < 0 then live = redis.call('STRLEN', keys[SKIP]) * 8 end
  return math.min(s.tail, live - 1)
end

local function call_numbers(keys, s)
  local wanted = callable(s)
  local serving, called = s.serving, 0
  while called < wanted and serving < s.tail do
    local last = math.min(live_run(keys, s, serving), serving + wanted - called)
    if last > serving then
      called = called + last - serving
      serving = last
    else
      serving = behind_leavers(keys, s, serving)
    end
  end
  if serving == s.serving then return end
  local slot = math.floor(s.meter_ms / SLOT) * SLOT
  if slot ~= s.new_slot then
    redis.call('ZADD', keys[CALLED], text_of(s.serving + 1), text_of(slot))
    s.new_slot = slot
    if s.open_slot == 0 then s.open_slot = slot end
    if s.old_slot == 0 then s.old_slot = slot end
  end
  redis.call('HINCRBY', keys[DUE], text_of(slot), called)
  moments.mark(keys, s, SERVED, 'served_due_ms', s.serving + 1)
  s.serving = serving
  s.credit = s.credit - called * UNIT
  s.open_calls = s.open_calls + called
  s.called = s.called + called
  s.dirty = true
end
