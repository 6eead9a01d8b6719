-- The waiting room's function library: one function per verb, sharing one `advance`.
--
-- A room is a packed string of numbers (its state), a hash of texts, sets that hold only active
-- shoppers, and four bitmaps that hold one bit a ticket. Nobody who waits costs a key.
-- Integers only. Credit is counted in units of 1/60,000 of an admission, so that
-- `rate_per_min * elapsed_ms` is in units. Times are milliseconds.
--
-- The files of this folder are one library: they are joined in the order of their names.
-- KEYS are the same for every verb (waitingroom/store/keys.py); a verb with one more key of its own
-- takes it behind these.
local STATE, TEXTS, SPENT, LEFT, SKIP, RELEASED, LEASES, ENTERED = 1, 2, 3, 4, 5, 6, 7, 8
local CALLED, DUE, DOOR, APPOINTMENTS, NEWS, PLAN, LOG = 9, 10, 11, 12, 13, 14, 15
local EXTENDED, HEAD, CHANCES, JOINED, SERVED, GONE = 16, 17, 18, 19, 20, 21
local ENDED, EXTRA = 22, 23

local SCHEMA = @SCHEMA@
local UNIT = @UNIT@            -- of one admission
local LONGEST_STEP = 2000     -- ms of meter time that one evaluation may add: a clock jump calls nobody
local GATE_AWAY = 5000        -- ms without a gate's look after which no meter time passes
local STEP_BACK = 5000        -- ms that the wall clock may fall back and be waited for
local SLOT = 500              -- ms of calls that share one time-out
local LENT_AFTER = 3000       -- ms of silence after which a call's credit is lent to the next
local KEPT_WAITING = 3000     -- ms after a missed appointment at the door: gone
-- Of a network that is over its budget of joins: ms until its last appointment, how long one is good
-- for, and how long its join is held back from others; how many there may be; ms until who gets none
-- asks again.
local LAST_APPOINTMENT, APPOINTMENT_KEPT = @LAST_APPOINTMENT@, @APPOINTMENT_KEPT@
local APPOINTMENT_HELD, MOST_APPOINTMENTS = @APPOINTMENT_HELD@, @MOST_APPOINTMENTS@
local NO_APPOINTMENT = @NO_APPOINTMENT@
local NEWS_KEPT = 20
local LOG_KEPT, MOST_STRAYS = @LOG_KEPT@, @MOST_STRAYS@
local MOST_CHANCES = @MOST_CHANCES@
local SWEEP = 1000            -- of whatever has run out, that one evaluation clears
local NEVER = 9e15

-- The state's fields in their order on disk (waitingroom/store/keys.py lists them). An older library
-- carries the fields it does not know along untouched, so two versions of the gate run side by side.
local FIELDS = {@FIELDS@}
local FORMAT = '@FORMAT@'
local BYTES = 8 * #FIELDS
-- What operators may change, and the record tells of: numbers of the state, and texts.
local KNOBS, TEXT_KNOBS = {@KNOBS@}, {@TEXT_KNOBS@}
local TEXTS_TOLD = {@TEXTS_TOLD@}

local function text_of(number)
  -- Lua writes large numbers as 1.79e+15, which no reader of ours understands.
  return string.format('%.0f', number)
end

local function load_room(keys, now_arg)
  local raw = redis.call('GET', keys[STATE])
  if not raw then return nil, redis.error_reply('WRNOROOM no such room') end
  local s = {tail_bytes = string.sub(raw, BYTES + 1), dirty = false}
  -- A state written before a field was added is short of it: that field starts at 0.
  local padded = raw .. string.rep('\0', math.max(0, BYTES - #raw))
  local values = {struct.unpack(FORMAT, padded)}
  for i = 1, #FIELDS do s[FIELDS[i]] = values[i] end
  if s.schema > SCHEMA then
    return nil, redis.error_reply('WRSCHEMA the room was written by a newer schema')
  end
  local time = redis.call('TIME')
  s.now = time[1] * 1000 + math.floor(time[2] / 1000)
  if s.test_clock == 1 and now_arg ~= '' then s.now = tonumber(now_arg) end
  s.stored_wall_ms = s.wall_ms
  return s
end

local function pack_room(s)
  local values = {}
  for i = 1, #FIELDS do values[i] = s[FIELDS[i]] end
  return struct.pack(FORMAT, unpack(values)) .. s.tail_bytes
end

local function save_room(keys, s)
  redis.call('SET', keys[STATE], pack_room(s))
end

local function burst_of(s)
  if s.burst > 0 then return s.burst end
  return math.max(2, math.ceil(s.rate_per_min / 30))
end

local function session_max_of(s)
  if s.session_max_ms > 0 then return s.session_max_ms end
  return 4 * s.session_ms
end

-- How long the pages take to read the seed: they spread their reading over this time.
local function spread_of(s)
  if s.fifo == 1 then return 0 end
  return math.min(300000, math.max(1000, math.floor(math.max(0, s.drawn) / 2)))
end

local function phase_of(s)
  if s.closed_at_ms > 0 then return 'closed' end
  if s.draining == 1 then return 'draining' end
  if s.opened_at_ms > 0 then return s.paused == 1 and 'paused' or 'open' end
  return s.now >= s.early_at_ms and 'early' or 'scheduled'
end

-- Whether people are called and let in: nobody is held back by hand, and something is left in the shop.
local function is_moving(s)
  return phase_of(s) == 'open' and s.rate_per_min > 0 and s.stock ~= 1
end

-- `reason`: the code of one, nil or '' for none.
local function tell(keys, s, code, text, reason)
  local line = {at_ms = text_of(s.now), code = code, text = text}
  if reason and reason ~= '' then line.reason = reason end
  redis.call('RPUSH', keys[NEWS], cjson.encode(line))
  redis.call('LTRIM', keys[NEWS], -NEWS_KEPT, -1)
  s.told = s.told + 1
  s.dirty = true
end

