// What outlasts a reload, and the server's clock.

// For showing only: the ticket is in a cookie that no script can read.
const memory = (area, name) => ({
  get() {
    try { return JSON.parse(window[area].getItem(name)); } catch { /* blocked, or not ours */ }
  },
  set(value) {
    try { window[area].setItem(name, JSON.stringify(value)); } catch { /* blocked */ }
  },
});
const kept = memory('localStorage', name);
const trips = memory('sessionStorage', name); // when this tab was sent to the shop

// The server's time: the largest difference seen has the least delay in it.
let offset_ms = -Infinity;
const now = () => (offset_ms > -Infinity ? passed() + offset_ms : Date.now());

const is_undrawn = () => shared.place?.number === null; // a place, and no number yet
const is_called = (place) => place.number != null && place.number <= place.serving;

function learn(status) {
  offset_ms = max(offset_ms, status.now_ms - passed());
  shared.status = status;
  const { place } = shared;
  if (place?.epoch !== status.epoch) return;
  place.promised ??= status.draw.commitment;
  place.from ??= status.serving; // the first and the highest number seen called
  const known = place.serving ?? -1;
  place.serving = max(known, status.serving); // a cache may be behind
  const runs = status.phase === 'open' && status.rate_per_min;
  if (place.serving > known || !runs) place.moved_ms = status.now_ms;
  // The turn came after this; so a deadline that is counted from it is never told too late.
  const waits = place.number == null ? status.drawn == null : !is_called(place);
  if (waits || !place.waited_ms) place.waited_ms = status.now_ms;
  kept.set(status.phase === 'closed' ? null : place);
}
