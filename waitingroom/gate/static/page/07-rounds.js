// The loop: when to ask, and for what.

const is_over = () => shared.end && shared.end !== 'lapsed'; // whoever lapsed may be called again

// At most a join, a status and an entry. Gives the ms until the next round.
async function round() {
  if (!shared.status && !shared.end) await come_back();
  if (is_over()) return Infinity;
  const { code, data } = await ask('status.json');
  if (code) finish('refused');
  if (is_over()) return Infinity;
  if (!data.news) throw {}; // cut off, or somebody else's answer
  if (shared.end) await come_again(data);
  learn(data); // also for the place that came back: what it knows of the line is from before
  if (shared.end) return interval(data.poll);
  const { phase, epoch, drawn, poll } = shared.status;
  if (shared.place && shared.place.epoch !== epoch) {
    assign(shared, { place: null, door: '' });
    appoint(random() * poll.spread_ms); // a reset: not everybody at once
  }
  if (is_undrawn()) later().catch(() => {}); // long before it is needed
  if (is_undrawn() && drawn != null) {
    const wait_ms = await learn_number(shared.status);
    if (wait_ms) return wait_ms;
  }
  const due = passed() >= not_before;
  const opened = shared.refusal === 'not_yet' && phase !== 'scheduled';
  if (!shared.place && (due || opened) && !is_in(OVER, phase)) {
    await join();
    if (shared.place) return 0;
  } else if (due && is_in(TURN, state()) && !is_by_hand(state())) {
    render(); // the turn is told before this page is gone
    await enter();
    if (!shared.place) return 0;
  }
  if (shared.end) return Infinity;
  return min(interval(poll), max(0, not_before - passed()) || Infinity);
}

function interval({ min_ms, max_ms, divisor, spread_ms }) {
  const kind = state();
  // A line that stands still may go on any moment.
  const holds = shared.place && is_in(['waiting', 'paused', 'draining'], kind);
  const held = holds ? estimate() ?? [ahead()] : [Infinity];
  const [expected_s] = left_s(kind) ?? held;
  const ms = max(min_ms, (expected_s * 1e3) / divisor) * (doc.hidden ? 3 : 1);
  // The seed is read at a moment of this page's own; nobody needs to look just before it is there.
  const opens_ms = opens_in_ms();
  if (opens_ms && is_undrawn() && opens_ms - ms < min_ms) {
    return max(min_ms, opens_ms + luck * spread_ms);
  }
  if (is_by_hand(kind)) return min(max_ms, claim_left_ms());
  return min(ms, max_ms) * (0.85 + random() * 0.3);
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
        const backoff_ms = min(3e4, 1e3 * 2 ** failures++) * (0.5 + random() / 2);
        pause_ms = max(fault.wait_ms ?? 0, backoff_ms);
        shared.away = true;
      }
      tell();
    }
    render();
    await sleep(pause_ms);
  }
}
