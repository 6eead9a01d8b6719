-- The verbs of the shop. (A table: see `moments` for why.)

local shop = {}

local function renew_one(keys, s, arrival)
  if redis.call('GETBIT', keys[RELEASED], arrival) == 1 then return 'released' end
  if redis.call('GETBIT', keys[SPENT], arrival) == 0 then return 'unknown' end
  local entered = tonumber(redis.call('HGET', keys[ENTERED], arrival))
  if not entered then
    -- Expired, and the shopper is back: the place opens again, also above the capacity. Its first
    -- beginning is forgotten; set so that the pass's absolute end is not put off by this.
    entered = s.now - session_max_of(s) + s.session_ms
    redis.call('HSET', keys[ENTERED], arrival, text_of(entered))
    s.leases = s.leases + 1
  end
  local expires = math.min(s.now + s.session_ms, entered + session_max_of(s))
  redis.call('ZADD', keys[LEASES], text_of(expires), arrival)
  s.next_expiry_ms = math.min(s.next_expiry_ms, expires)
  return text_of(expires)
end

local function release_one(keys, s, arrival)
  if redis.call('GETBIT', keys[SPENT], arrival) == 0 then return 'unknown' end
  if redis.call('SETBIT', keys[RELEASED], arrival, 1) == 0 then s.released = s.released + 1 end
  if redis.call('ZREM', keys[LEASES], arrival) == 1 then
    s.leases = s.leases - 1
    moments.note_end(keys, s, arrival, tonumber(redis.call('HGET', keys[ENTERED], arrival)) or s.now)
  end
  redis.call('HDEL', keys[ENTERED], arrival)
  return 'released'
end

-- args: now, then epoch and arrival in turn. Answers epoch, staff epoch, phase, now, and per lease:
-- its new expiry, 'released', 'unknown' or 'old_epoch'.
local function for_each_lease(one)
  return timed(function(keys, s, args)
    local answer = {s.epoch, s.staff_epoch, phase_of(s), s.now, s.outside}
    for i = 2, #args, 2 do
      local known = tonumber(args[i]) == s.epoch
      answer[#answer + 1] = known and one(keys, s, args[i + 1]) or 'old_epoch'
    end
    s.dirty = s.dirty or #args > 1
    return answer
  end)
end

-- args: epoch, time to live, a staff pass's lease ('': a shopper's). Two keys more: the handover's, and
-- the staff passes'. Answers 1 the first time, else 0; -1 where the epoch is another, or it was revoked.
local function redeem(keys, args)
  local s, problem = load_room(keys, '')
  if not s then return problem end
  local is_staff = args[3] ~= ''
  if tonumber(args[1]) ~= (is_staff and s.staff_epoch or s.epoch) then return -1 end
  if is_staff and is_revoked(keys[EXTRA + 1], args[3]) then return -1 end
  return redis.call('SET', keys[EXTRA], '1', 'NX', 'PX', args[2]) and 1 or 0
end

-- args: now, how much is left and 1 (0: no longer reported), how many ms ago that was so, who says so
-- (as `record` takes one). What was so before the last report changes nothing: a shop has many
-- processes, and whichever sold the last piece must have the last word. Answers what is kept.
shop.stock = timed(function(keys, s, args)
  local stock, at = tonumber(args[2]), s.now - tonumber(args[3])
  -- A report from beyond now is of before the clock was set back.
  if at < s.stock_ms and s.stock_ms <= s.now then return s.stock end
  local before = s.stock
  s.stock, s.stock_ms, s.dirty = stock, at, true
  if (before == 1) ~= (stock == 1) then
    local function left(count) return fact('stock', count > 0 and text_of(count - 1) or 'null') end
    record(keys, s, cjson.decode(args[4]), stock == 1 and 'sold_out' or 'restocked',
      'as the shop reports', left(before), left(stock))
  end
  return s.stock
end)
