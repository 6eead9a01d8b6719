const ahead = () => Math.max(0, shared.place.number - (shared.place.serving ?? 0) - 1);

// The protocol's estimate, in seconds.
function estimate() {
  const { rate_per_min: rate, velocity_per_min: velocity } = shared.status;
  if (!rate) return null;
  const rounded = (s, round) => {
    const step = s < 60 ? 10 : s < 600 ? 60 : s < 3600 ? 300 : s < 14400 ? 900 : 3600;
    return round(s / step) * step;
  };
  const low_s = Math.floor((60 * ahead()) / Math.max(rate, velocity));
  const high_s = Math.ceil((150 * (ahead() + 1)) / (2 * Math.min(rate, velocity) || rate));
  return [rounded(low_s, Math.floor), rounded(high_s, Math.ceil)];
}

function state() {
  const { status, place, end, refusal, door } = shared;
  if (end) return end;
  if (!status) return 'loading';
  const { phase } = status;
  if (OVER.includes(phase)) return phase;
  if (!place && phase === 'scheduled') return 'not_yet';
  if (!place) return { too_many: 'too_many', closed: 'no_joins' }[refusal] ?? 'loading';
  if (phase === 'scheduled' || phase === 'early') return 'early';
  if (phase === 'paused') return 'paused';
  if (place.number == null) return 'drawing';
  return place.number <= place.serving ? door || 'called' : 'waiting';
}

// Seconds that a state still takes: [low, high], or null where nobody knows.
function left_s(kind) {
  if (kind === 'waiting') return estimate();
  const opens_s = Math.max(0, Math.ceil((shared.status?.opens_at_ms - now()) / 1000));
  if (BEFORE.includes(kind)) return shared.status.opens_at_ms ? [opens_s, opens_s] : null;
  return TURN.includes(kind) ? [0, 0] : null;
}
