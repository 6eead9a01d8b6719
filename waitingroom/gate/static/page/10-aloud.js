// Aloud: a new state, half as many ahead, a wait of another size.
let said = {};
function speak(kind, words) {
  const people = kind === 'waiting' ? ahead() : 0;
  const size = [60, 300, 900, 3600].filter((s) => s < left_s(kind)?.[1]).length;
  if (kind === said.kind) {
    const same = size === said.size && (people > said.people / 2 || people === said.people);
    if (same || performance.now() < said.at_ms + 20000) return;
  }
  said = { kind, people, size, at_ms: performance.now() };
  if (kind === 'loading') return;
  const big = BEFORE.includes(kind) ? words.aloud : words.big;
  put(TURN.includes(kind) ? 'alert' : 'polite', `${words.label}: ${big}. ${words.lead}`);
}
