// What the page is in, and how long that still takes.

const ahead = () => max(0, shared.place.number - (shared.place.serving ?? 0) - 1);

// The protocol's estimate, in seconds: low and high.
function estimate() {
  const { rate_per_min: rate, velocity_per_min: pace, shop } = shared.status;
  if (!rate || !pace) return null;
  const all = ahead() + 1, // the last step is the turn itself
    { free = all, per_min: per = 1 } = shop ?? {},
    near = min(all, free),
    slow = pace + min(rate, pace); // twice the slow pace
  return [
    [60 * ahead() / min(max(rate, pace), floor(1.5 * (near ? pace : per))), floor],
    [(150 * near * per + 75 * (all - near) * slow) / (slow * per), ceil]
  ].map(([s, round,
    step = s < 60 ? 10 : s < 600 ? 60 : s < 3600 ? 300 : s < 14400 ? 900 : 3600
  ]) => round(s / step) * step);
}

// null where nobody knows; below 0 once it has passed.
function opens_in_ms() {
  const { opens_at_ms } = shared.status;
  return opens_at_ms && opens_at_ms - now();
}

// Until a called shopper must have gone in: a little less than there is, to be in time at the gate.
function claim_left_ms() {
  const { status, place } = shared;
  return (place.claim_by_ms ?? place.waited_ms + status.claim_grace_ms) - 2e3 - now();
}

// Nobody was called for a minute, and for three turns: the page says so.
function is_stalled() {
  const { status: { rate_per_min: rate, velocity_per_min: pace }, place } = shared;
  return rate && !pace && now() - place.moved_ms > max(6e4, 18e4 / rate);
}

// Whoever wants to press the button is waited for, until the turn is over. `going`: it was pressed.
const is_by_hand = (kind) => kind === 'called' && shared.choices.by_hand && !shared.place.going
  && claim_left_ms() > 0;

function state() {
  const { status, place, end, refusal, door } = shared;
  if (end) return end;
  if (!status) return 'loading';
  const { phase } = status;
  if (is_in(OVER, phase)) return phase;
  if (!place) {
    if (phase === 'scheduled') return 'not_yet';
    return { too_many: refusal, closed: 'no_joins' }[refusal] ?? 'loading';
  }
  if (phase === 'scheduled' || phase === 'early') {
    return place.number == null && (opens_in_ms() ?? 1) <= 0 ? 'drawing' : 'early';
  }
  if (phase === 'paused') return 'paused';
  if (place.number == null) return 'drawing';
  return is_called(place) ? door || 'called' : 'waiting';
}

// Seconds that a state still takes: [low, high], or null where nobody knows.
function left_s(kind) {
  if (kind === 'waiting') return estimate();
  if (is_in(BEFORE, kind)) {
    const opens_s = max(0, ceil(opens_in_ms() / 1e3));
    return shared.status.opens_at_ms ? [opens_s, opens_s] : null;
  }
  if (is_by_hand(kind)) return Array(2).fill(ceil(claim_left_ms() / 1e3));
  return is_in(TURN, kind) ? [0, 0] : null;
}
