-- Support: what is known of one place, and a second chance for one that has lapsed
-- (docs/decisions/support.md). No other verb moves a place, and this one gives no number.

-- args: epoch, arrival, number (0: not drawn yet). Answers where the place stands; about when it
-- joined, when the draw was, about when it was called, lapsed; when it entered, its lease ends, its visit or its wait ended, and its second
-- chance was given; until when it may come; whether it stands at the door, was released. 0 for what has not happened, or is
-- not known. Writes nothing.
local function place(keys, args)
  local s, problem = load_room(keys, '')
  if not s then return problem end
  if tonumber(args[1]) ~= s.epoch then return {'old_epoch'} end
  s.now = s.wall_ms  -- what the meter says is of then
  local arrival, number = args[2], tonumber(args[3])
  local lease = redis.call('ZSCORE', keys[LEASES], arrival)
  local refusal, at_door = refusal_of_standing(keys, s, arrival, number)
  local called = number > 0 and number <= s.serving
  local ended, began = moments.end_of(keys, s, arrival)
  return {lease and 'inside' or refusal or 'called',
    moments.of(keys, JOINED, tonumber(arrival)), s.drawn_at_ms,
    called and moments.of(keys, SERVED, number) or 0,
    called and number <= s.lapsed and moments.of(keys, GONE, number) or 0,
    lease and tonumber(redis.call('HGET', keys[ENTERED], arrival)) or refusal == 'spent' and began or 0,
    tonumber(lease or 0), not lease and ended or 0,
    tonumber(redis.call('HGET', keys[CHANCES], extension_of(s, arrival)) or 0),
    refusal and 0 or claim_by(keys, s, arrival, number, 0), at_door and 1 or 0,
    redis.call('GETBIT', keys[RELEASED], arrival)}
end

-- args: now, who acts and why, epoch, arrival, number (0: not drawn yet), the place's code. A lapsed
-- place may be come with again for `claim_grace`, and long enough for its page to hear of it, as one
-- that asked for more time: nobody else's place, call or credit is touched, and who comes is late
-- (`come`). Answers what it came to, and: behind 'called' until when they may come; behind 'had_one'
-- when that was.
local second_chance = timed(function(keys, s, args)
  local arrival, number = args[4], tonumber(args[5])
  if tonumber(args[3]) ~= s.epoch then return {'old_epoch', 0} end
  local had = redis.call('HGET', keys[CHANCES], extension_of(s, arrival))
  if had then return {'had_one', tonumber(had)} end
  if s.closed_at_ms > 0 then return {'closed', 0} end
  if redis.call('ZSCORE', keys[LEASES], arrival) then return {'inside', 0} end
  local refusal = refusal_of_standing(keys, s, arrival, number)
  if refusal ~= 'lapsed' then return {refusal or 'not_lapsed', 0} end
  if s.second_chances >= MOST_CHANCES then return {'used_up', 0} end
  local lasts = math.max(s.claim_grace_ms, @SHORTEST_CHANCE@)
  give_time(keys, s, arrival, s.meter_ms + lasts)
  redis.call('HSET', keys[CHANCES], extension_of(s, arrival), text_of(s.now))
  s.second_chances = s.second_chances + 1
  record(keys, s, cjson.decode(args[2]), 'second_chance',
    args[6] .. ', number ' .. text_of(number), fact('place', '"lapsed"'), fact('place', '"called"'))
  return {'called', s.now + lasts}
end)
