// For showing only: the ticket is in a cookie that no script can read.
const memory = (area, name) => ({
  get() {
    try { return JSON.parse(window[area].getItem(name)); } catch { return null; }
  },
  set(value) {
    try { window[area].setItem(name, JSON.stringify(value)); } catch { /* blocked */ }
  },
});
const kept = memory('localStorage', `wr-${room}`);
const trips = memory('sessionStorage', `wr-${room}`); // when this tab was sent to the shop

// The server's time: the largest difference seen has the least delay in it.
let offset_ms = -Infinity;
const now = () => (offset_ms > -Infinity ? performance.now() + offset_ms : Date.now());

function learn(status) {
  offset_ms = Math.max(offset_ms, status.now_ms - performance.now());
  shared.status = status;
  const { place } = shared;
  if (place?.epoch !== status.epoch) return;
  place.from ??= status.serving;
  place.serving = Math.max(place.serving ?? 0, status.serving); // a cache may be behind
  kept.set(place);
}
