-- What belongs to no room: accounts and keys, and the system's own record. KEYS: the table of the
-- accounts, the record and its head.
-- Other files see these; the rest is this file's own: a chunk of Lua has room for 200 locals.
local system_note, account
do

local ACCOUNTS, SYSTEM_LOG, SYSTEM_HEAD = 1, 2, 3

local function note_down(keys, who, act, detail, before, after)
  local time, by = redis.call('TIME'), cjson.decode(who)
  chain(keys[SYSTEM_LOG], keys[SYSTEM_HEAD], {
    at_ms = text_of(time[1] * 1000 + math.floor(time[2] / 1000)), actor = by.actor, from = by.from,
    why = by.why, act = act, detail = short(detail), before = before, after = after,
  })
end

-- args: actor, act, detail: an entry in the system's record.
function system_note(keys, args)
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
function account(keys, args)
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

end
