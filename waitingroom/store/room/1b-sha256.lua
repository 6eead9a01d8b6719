-- SHA-256 (FIPS 180-4), which the server does not lend: it has SHA-1 only. Some 0.1 ms for each 64
-- bytes, so it is for what happens rarely. Checked against Python's in tests/store/test_record.py.

local ROUNDS = {@ROUNDS@}  -- the first 32 bits behind the point of the first 64 primes' cube roots
local START = {@START@}    -- and of the first eight primes' square roots

-- The text's end: a bit, zeros, and its length in bits, up to a multiple of 64 bytes.
local function padded(text)
  local bits = #text * 8
  return text .. '\128' .. string.rep('\0', (55 - #text) % 64)
    .. struct.pack('>I4I4', math.floor(bits / 2^32), bits % 2^32)
end

-- The 64 words that a block is stirred in with.
local function schedule(block, at)
  local xor, ror, shift = bit.bxor, bit.ror, bit.rshift
  local w = {struct.unpack('>' .. string.rep('I4', 16), block, at)}
  for i = 17, 64 do
    local near, far = w[i - 15], w[i - 2]
    w[i] = bit.tobit(w[i - 16] + w[i - 7] + xor(ror(near, 7), ror(near, 18), shift(near, 3))
      + xor(ror(far, 17), ror(far, 19), shift(far, 10)))
  end
  return w
end

local function stir(state, w)
  local xor, ror, band = bit.bxor, bit.ror, bit.band
  local a, b, c, d, e, f, g, h = unpack(state)
  for i = 1, 64 do
    local first = h + xor(ror(e, 6), ror(e, 11), ror(e, 25)) + xor(g, band(e, xor(f, g)))
      + ROUNDS[i] + w[i]
    local second = xor(ror(a, 2), ror(a, 13), ror(a, 22)) + xor(band(a, xor(b, c)), band(b, c))
    a, b, c, d, e, f, g, h = bit.tobit(first + second), a, b, c, bit.tobit(d + first), e, f, g
  end
  local stirred = {a, b, c, d, e, f, g, h}
  for i = 1, 8 do state[i] = bit.tobit(state[i] + stirred[i]) end
end

-- 64 hex digits.
local function sha256(text)
  local state, whole = {unpack(START)}, padded(text)
  for at = 1, #whole, 64 do stir(state, schedule(whole, at)) end
  for i = 1, 8 do state[i] = bit.tohex(state[i]) end
  return table.concat(state)
end
