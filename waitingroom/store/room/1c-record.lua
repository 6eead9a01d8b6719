-- The record: what operators and time did, each entry bound to the one before it by its hash
-- (docs/decisions/audit.md). Its form is frozen in docs/operations.md, section "The record".

-- All that an entry may have but its hash, in the order in which they are hashed.
local ENTRY = {'act', 'actor', 'after', 'at_ms', 'before', 'detail', 'from', 'prev', 'seq',
  'strays', 'strays_hash', 'why'}
local TIME = {actor = 'time'}  -- who opens a room at its hour
local LONGEST = 4096           -- bytes of one text; of a longer one its digest is kept

-- A reply of the stream as a table, by name.
local function named(words)
  local entry = {}
  for i = 1, #words, 2 do entry[words[i]] = words[i + 1] end
  return entry
end

local function hashed_text(entry)
  local text = {}
  for _, name in ipairs(ENTRY) do
    local value = entry[name] or ''
    if value ~= '' then text[#text + 1] = name .. '=' .. #value .. ':' .. value .. '\n' end
  end
  return table.concat(text)
end

-- An older library writes entries without a hash. Those that are newer than the last one with a
-- hash are bound by the next that has one: how many, and the hash of them all.
local function bind_strays(log, entry)
  local found = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)
  if not found[1] or named(found[1][2]).hash then return end
  local texts = {}
  for _, item in ipairs(redis.call('XREVRANGE', log, '+', '-', 'COUNT', MOST_STRAYS)) do
    local stray = named(item[2])
    if stray.hash then break end
    table.insert(texts, 1, hashed_text(stray))
  end
  entry.strays, entry.strays_hash = text_of(#texts), sha256(table.concat(texts))
end

local function short(text)
  if #text <= LONGEST then return text end
  return 'sha1 ' .. redis.sha1hex(text) .. ' of ' .. text_of(#text) .. ' bytes'
end

-- Write an entry behind the last one. The head, a key of its own, says which that is: without it
-- the newest entries could go and nothing would be amiss.
local function chain(log, head, entry)
  local seq, prev = string.match(redis.call('GET', head) or '', '^(%d+) (%x+)$')
  entry.seq, entry.prev = text_of((tonumber(seq) or 0) + 1), prev or ''
  bind_strays(log, entry)
  entry.hash = sha256(hashed_text(entry))
  local words = {'hash', entry.hash}
  for _, name in ipairs(ENTRY) do
    local value = entry[name] or ''
    -- Readers of older versions count on these four.
    local always = name == 'at_ms' or name == 'actor' or name == 'act' or name == 'detail'
    if value ~= '' or always then
      words[#words + 1] = name
      words[#words + 1] = value
    end
  end
  redis.call('XADD', log, 'MAXLEN', '~', LOG_KEPT, '*', unpack(words))
  redis.call('SET', head, entry.seq .. ' ' .. entry.hash)
end

-- `who`: {actor, from, why}, as the clients send it.
local function record(keys, s, who, act, detail, before, after)
  chain(keys[LOG], keys[HEAD], {
    at_ms = text_of(s.now), actor = who.actor, from = who.from, why = who.why, act = act,
    detail = short(detail), before = before, after = after,
  })
end

-- One fact as JSON.
local function fact(name, value)
  return '{' .. cjson.encode(name) .. ':' .. value .. '}'
end

local function phase_fact(phase) return fact('phase', cjson.encode(phase)) end

-- All that an operator may change, as JSON, by name; the seed is not among them.
local function facts_of(keys, s)
  local facts = {phase = cjson.encode(phase_of(s))}
  for _, name in ipairs(KNOBS) do facts[name] = text_of(s[name]) end
  local texts = redis.call('HMGET', keys[TEXTS], unpack(TEXT_KNOBS))
  for i, name in ipairs(TEXT_KNOBS) do facts[name] = cjson.encode(short(texts[i] or '')) end
  facts.plan = cjson.encode(table.concat(redis.call('LRANGE', keys[PLAN], 0, -1), ', '))
  return facts
end

-- What of `facts` is otherwise in `others`, as a JSON object; '' for nothing.
local function difference(facts, others)
  local found = {}
  local function compare(name)
    if facts[name] ~= nil and facts[name] ~= others[name] then
      found[#found + 1] = cjson.encode(name) .. ':' .. facts[name]
    end
  end
  compare('phase')
  for _, name in ipairs(KNOBS) do compare(name) end
  for _, name in ipairs(TEXT_KNOBS) do compare(name) end
  compare('plan')
  return #found > 0 and '{' .. table.concat(found, ',') .. '}' or ''
end
