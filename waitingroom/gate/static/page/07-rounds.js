// At most a join, a status and an entry. Gives the ms until the next round.
async function round() {
  if (!shared.status && !shared.end) await come_back();
  if (shared.end) return Infinity;
  const { code, data } = await ask('GET', 'status.json');
  if (code) finish('refused');
  if (shared.end) return Infinity;
  learn(data);
  const { phase, epoch, drawn, poll } = shared.status;
  if (shared.place && shared.place.epoch !== epoch) {
    Object.assign(shared, { place: null, door: '' });
    appoint(Math.random() * poll.spread_ms); // a reset: not everybody at once
  }
  const due = Date.now() >= not_before;
  const opened = shared.refusal === 'not_yet' && phase !== 'scheduled';
  if (!shared.place && (due || opened) && !OVER.includes(phase)) {
    await join();
    if (shared.place) return 0;
  } else if (due && TURN.includes(state())) {
    await enter();
    if (!shared.place) return 0;
  }
  if (shared.end) return Infinity;
  if (shared.place && shared.place.number == null && drawn != null) return ask_for_number(poll);
  return Math.min(interval(poll), Math.max(0, not_before - Date.now()) || Infinity);
}

// The draw is done: ask once, at some moment of the published window.
async function ask_for_number({ spread_ms, min_ms }) {
  draw_at ||= Date.now() + Math.random() * spread_ms;
  if (Date.now() < draw_at) return draw_at - Date.now();
  draw_at = 0;
  await join();
  return shared.place?.number == null ? min_ms : 0;
}

function interval({ min_ms, max_ms, divisor }) {
  const kind = state();
  // A line that stands still may go on any moment.
  const holds = shared.place && ['waiting', 'paused', 'draining'].includes(kind);
  const held = holds ? estimate() ?? [ahead()] : [Infinity];
  const [expected_s] = left_s(kind) ?? held;
  const ms = Math.max(min_ms, (expected_s * 1000) / divisor) * (document.hidden ? 3 : 1);
  return Math.min(ms, max_ms) * (0.85 + Math.random() * 0.3);
}

let wake = () => {};
const sleep = (ms) => new Promise((done) => {
  wake = done;
  if (ms < Infinity) setTimeout(done, ms);
});

async function run() {
  for (let first = true; ; first = false) {
    let pause_ms = Infinity;
    if (first || leads) {
      try {
        pause_ms = await round();
        failures = 0;
        shared.away = false;
      } catch (fault) {
        const backoff_ms = Math.min(30000, 1000 * 2 ** failures++) * (0.5 + Math.random() / 2);
        pause_ms = Math.max(fault.wait_ms ?? 0, backoff_ms);
        shared.away = true;
      }
      tell();
    }
    render();
    await sleep(pause_ms);
  }
}
