// What a shopper does: join, come back, enter, leave, and what is made of the answers.

async function ask(path, body, method = body ? 'POST' : 'GET') {
  const answer = await fetch(`${base}/${path}`, {
    method,
    body: body && JSON.stringify(body),
    headers: body && { 'Content-Type': 'application/json' },
    signal: AbortSignal.timeout?.(15e3),
  });
  const data = await answer.json().catch(() => ({}));
  const wait_ms = data.retry_after_ms || answer.headers.get('Retry-After') * 1e3 || 0;
  if (answer.status >= 500) throw { wait_ms };
  return { code: answer.ok ? '' : data.error ?? 'refused', data, wait_ms };
}

// When the gate said, or a little later: earlier is refused.
const appoint = (ms) => { not_before = passed() + ms + random() * min(ms / 10, 1e3); };

// One tab at a time: two at once would get two tickets.
const alone = (work) => locks?.request(`${name}-join`, work) ?? work();

async function join() {
  doc.cookie = 'wr-try=1'; // the only way to know, and before a place is taken
  if (!doc.cookie.includes('wr-try')) return finish('cookies');
  // Support may call a lapsed place again, so nobody gets another one for it unasked.
  const body = kept.get() ? { lapsed: 'tell' } : {};
  const { code, data, wait_ms } = await alone(() => ask('ticket', body));
  shared.refusal = code;
  if (!code) return settle(data);
  if (is_in(GONE, code)) return finish(code);
  if (!is_in(['not_yet', 'closed', 'too_many'], code)) return finish('refused');
  return appoint(wait_ms || 6e4);
}

function settle({ epoch, arrival, number, code }) {
  const known = kept.get();
  const same = known?.epoch === epoch && known.arrival === arrival;
  if (known && !same && !known.entered) shared.lost = known;
  shared.place = { ...(same && known), epoch, arrival, number, code, entered: false };
  kept.set(shared.place);
}

// Whoever went in may still be inside: the gate then answers the same pass.
async function come_back() {
  if (history.state === 'left') return finish('left'); // nobody is put back in line by a reload
  const known = kept.get();
  if (known?.entered) {
    shared.place = known;
    await enter();
    if (is_in(INSIDE, shared.end)) return;
    start_over();
  }
  await join();
}

async function enter() {
  const recent = (trips.get() ?? []).filter((at_ms) => abs(Date.now() - at_ms) < 6e4);
  if (recent.length >= 2) return finish('bounced');
  const { code, data, wait_ms } = await ask('pass', to ? { to } : {});
  shared.door = is_in(TURN, code) ? code : '';
  keep_claim(data);
  if (!code) {
    trips.set([...recent, Date.now()]);
    shared.place.entered = true;
    kept.set(shared.place);
    const shop = new URL(data.redirect, location.href);
    shop.searchParams.delete('wr_handover'); // good for one use, which is this tab's
    finish('entered', shop.href);
    await rung; // a page that is gone makes no sound
    return location.replace(data.redirect);
  }
  if (code === 'bad_target') to = null; // made up: the shop's front will do
  if (is_in(GONE, code)) return finish(code);
  const is_lost = code === 'bad_ticket';
  if (is_lost && rejoined) return finish('cookies');
  if (!is_lost && code !== 'old_epoch') return appoint(wait_ms || 2e3);
  rejoined = is_lost;
  shared.place = null;
}

// By the published seed; should that fail, the gate tells it. Either way at this page's own moment.
async function learn_number({ epoch, drawn, draw, poll }) {
  try {
    const { number_of } = await later();
    shared.place.number = await number_of(shared.place.arrival, { room, epoch, drawn, ...draw });
    kept.set(shared.place);
  } catch {
    await join();
  }
  return shared.place?.number == null ? poll.min_ms : 0;
}

async function take_time() {
  const { code, data } = await ask('more-time', {});
  if (is_in(GONE, code)) return finish(code);
  keep_claim(data);
}

// The turn's deadline, where the gate told it.
function keep_claim({ claim_by_ms, extended }) {
  if (claim_by_ms) assign(shared.place, { claim_by_ms, extended });
}

// Support may call a lapsed place again: how often it did is in the status, so few need ask.
async function come_again({ second_chances }) {
  const { gone, chances } = shared;
  if (chances === second_chances) return;
  const { code, data } = await ask('more-time', {});
  shared.chances = second_chances;
  if (code) return;
  assign(shared, { end: '', place: { ...gone, going: false } });
  keep_claim(data);
}

function finish(end, shop = '') {
  const { place, status } = shared;
  // Where there is none, a join was told that the one of before has lapsed.
  assign(shared, { end, shop, door: '', gone: place ?? kept.get(), chances: status?.second_chances });
  if (!is_in(INSIDE, end)) {
    shared.place = null;
    if (is_over()) kept.set(null);
  }
  tell();
}

function start_over() {
  assign(shared, fresh);
  not_before = 0;
  rejoined = false;
  kept.set(null);
}
