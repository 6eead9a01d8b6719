-- What every verb of operators does, and making a room.

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

local function is_old(s, version)
  return version ~= '' and tonumber(version) ~= s.version
end

local function conflict(s)
  return redis.error_reply('WRCONFLICT ' .. text_of(s.version))
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
