-- Passes of staff: who was let in past the line, until when, and whose was taken back. One hash, lease →
-- JSON of texts {name, by, epoch, made_at_ms, until_ms, revoked_at_ms, revoked_by}, never the pass itself.
-- A pass is checked by its signature, without us; what is kept here is for operators to read, and
-- names the few that count no more although they are signed.

local function is_over(s, one)
  return tonumber(one.epoch) ~= s.staff_epoch or tonumber(one.until_ms) <= s.now
end

local function is_revoked(passes, lease)
  local raw = redis.call('HGET', passes, lease)
  return raw and cjson.decode(raw).revoked_at_ms ~= '0'
end

-- Whether there is room for one more. Those that are over are kept to be read until then; one that
-- was revoked and is not over must stay, or it would count again.
local function has_room(passes, s, most)
  if redis.call('HLEN', passes) < most then return true end
  local found = redis.call('HGETALL', passes)
  for i = 1, #found, 2 do
    if is_over(s, cjson.decode(found[i + 1])) then redis.call('HDEL', passes, found[i]) end
  end
  return redis.call('HLEN', passes) < most
end

-- args: now, actor, lease, for whom, for how long (ms), the most there may be. One key more: the
-- passes'. Answers staff epoch, now.
local function staff_pass(keys, args)
  local s, problem = load_room(keys, args[1])
  if not s then return problem end
  local passes, lease, name, who = keys[EXTRA], args[3], args[4], cjson.decode(args[2])
  if not has_room(passes, s, tonumber(args[6])) then return redis.error_reply('WRFULL ' .. args[6]) end
  redis.call('HSET', passes, lease, cjson.encode({
    name = name, by = who.actor, epoch = text_of(s.staff_epoch), made_at_ms = text_of(s.now),
    until_ms = text_of(s.now + tonumber(args[5])), revoked_at_ms = '0', revoked_by = '',
  }))
  record(keys, s, who, 'staff_pass', lease .. ' for ' .. name)
  return {s.staff_epoch, s.now}
end

-- args: now, actor, lease. One key more: the passes'. Answers 1; 0 where it was over already.
local function revoke_pass(keys, args)
  local s, problem = load_room(keys, args[1])
  if not s then return problem end
  local passes, lease, who = keys[EXTRA], args[3], cjson.decode(args[2])
  local raw = redis.call('HGET', passes, lease)
  if not raw then return redis.error_reply('WRNOPASS ' .. lease) end
  local one = cjson.decode(raw)
  if one.revoked_at_ms ~= '0' or is_over(s, one) then return 0 end
  one.revoked_at_ms, one.revoked_by = text_of(s.now), who.actor
  redis.call('HSET', passes, lease, cjson.encode(one))
  record(keys, s, who, 'revoke_pass', lease .. ' for ' .. one.name)
  return 1
end
