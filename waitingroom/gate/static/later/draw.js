// The draw: a number out of published values alone, byte by byte as docs/protocol.md has it.

const PRIMES = [];
for (let n = 2; PRIMES.length < 64; n++) if (PRIMES.every((prime) => n % prime)) PRIMES.push(n);
const fraction = (root) => ((root % 1) * 2 ** 32) | 0;
const rotate = (word, bits) => (word >>> bits) | (word << (32 - bits));

// SHA-256 (FIPS 180-4): on plain http browsers have none to offer.
function sha256(bytes) {
  const size = ((bytes.length + 72) >> 6) << 6;
  const block = new DataView(new ArrayBuffer(size));
  bytes.forEach((byte, i) => block.setUint8(i, byte));
  block.setUint8(bytes.length, 128);
  block.setUint32(size - 4, bytes.length * 8);
  const sums = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
  for (let at = 0; at < size; at += 64) {
    const words = [];
    let [a, b, c, d, e, f, g, h] = sums;
    for (let i = 0; i < 64; i++) {
      const [x, y] = [words[i - 15], words[i - 2]];
      words[i] = i < 16 ? block.getInt32(at + 4 * i)
        : (words[i - 16] + (rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3))
          + words[i - 7] + (rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10))) | 0;
      const one = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g))
        + fraction(Math.cbrt(PRIMES[i])) + words[i];
      const two = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => { sums[i] = (sums[i] + word) | 0; });
  }
  sums.forEach((sum, i) => block.setInt32(4 * i, sum));
  return new Uint8Array(block.buffer, 0, 32);
}

async function digest(bytes) {
  const subtle = globalThis.crypto?.subtle;
  return subtle ? new Uint8Array(await subtle.digest('SHA-256', bytes)) : sha256(bytes);
}

async function hmac(key, message) {
  const padded = (pad, bytes) => Uint8Array.of(
    ...Array.from({ length: 64 }, (_, i) => key[i] ^ pad), ...bytes,
  );
  return digest(padded(0x5c, await digest(padded(0x36, message))));
}

const to_hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const from_hex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
export const commitment_of = async (seed) => to_hex(await digest(from_hex(seed)));

// In a short line the same round values come again and again: each is computed once.
export async function number_of(arrival, { room, epoch, drawn, seed }) {
  if (arrival > drawn) return arrival;
  const message = new TextEncoder().encode(`${room}|${epoch}|${drawn}`);
  const key = await hmac(from_hex(seed), message);
  let bits = 4;
  while (4 ** bits < drawn) bits++;
  const mask = 2 ** bits - 1;
  const known = {};
  async function half_of(step, half) {
    const bytes = Uint8Array.of(step, half >>> 24, half >>> 16, half >>> 8, half);
    const value = known[bytes] ??= new DataView((await hmac(key, bytes)).buffer).getUint32(0);
    return value & mask;
  }
  let place = arrival - 1;
  do {
    let [left, right] = [place >> bits, place & mask];
    for (let step = 0; step < 10; step++) {
      [left, right] = [right, left ^ await half_of(step, right)];
    }
    place = (left << bits) | right;
  } while (place >= drawn);
  return place + 1;
}
