// The shopper's page: one loop reads the status, works out the place, and enters when called.
// What a server sends is only shown as text.

const $ = (id) => document.getElementById(id);
const { room, base, lang, states, texts } = JSON.parse($('data').textContent);
const title = document.querySelector('h1').textContent;
let to = new URLSearchParams(location.search).get('to');

// What all tabs share: the leading one tells the others.
const fresh = {
  status: null,
  place: null, // the ticket's; from, serving: the first and the highest seen called
  end: '', // only the shopper ends it: left, lapsed, entered …
  refusal: '', // why there is no place yet
  door: '', // called, and asked to wait: door, full
  lost: null, // a place not shown any more
};
const shared = { ...fresh, away: false, shop: '' };
let not_before = 0; // the gate's appointment for a join or entry
let draw_at = 0; // when to ask for the drawn number
let failures = 0;
let rejoined = false;
const TURN = ['called', 'door', 'full'];
const INSIDE = ['entered', 'bounced'];
const OVER = ['closed', 'draining'];
const BEFORE = ['early', 'not_yet'];

const locale = navigator.languages?.find((name) => name.split('-')[0] === lang) || lang;
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
const count = (n) => n.toLocaleString(locale);
const whole = (range) => range.replace('–', '–\u2060'); // no line ends after the dash

function amount(unit, low, high = low) {
  const format = new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' });
  if (low === high) return format.format(high);
  if (!low) return fill(texts.up_to, { span: format.format(high) });
  return whole(format.formatRange?.(low, high) ?? `${low}–${format.format(high)}`);
}

// Seconds as people say them: a range rounded outward; a single time up, or as `round` says.
function span(low_s, high_s = low_s, round = Math.ceil) {
  if (high_s < 60) return texts.moments;
  const [unit, size] = high_s < 7200 ? ['minute', 60] : high_s < 172800 ? ['hour', 3600] : ['day', 86400];
  const high = round(high_s / size);
  return amount(unit, low_s < high_s ? Math.floor(low_s / size) : high, high);
}

function clock(from_ms, until_ms = from_ms) {
  const today = new Date(from_ms).toDateString() === new Date().toDateString();
  const day = today ? {} : { weekday: 'long', day: 'numeric', month: 'long' };
  const format = new Intl.DateTimeFormat(locale, { ...day, hour: 'numeric', minute: '2-digit' });
  return whole(format.formatRange?.(from_ms, until_ms) ?? format.format(until_ms));
}

function countdown(s) {
  const two = (n) => String(Math.floor(n)).padStart(2, '0');
  const days = s < 86400 ? '' : `${amount('day', Math.floor(s / 86400))} `;
  const hours = s < 3600 ? '' : `${two((s % 86400) / 3600)}:`;
  return `${days}${hours}${two((s % 3600) / 60)}:${two(s % 60)}`;
}

// For show: the ticket is in a cookie that no script reads.
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

async function ask(method, path, body) {
  const answer = await fetch(`${base}/${path}`, {
    method,
    body: body && JSON.stringify(body),
    headers: body ? { 'Content-Type': 'application/json' } : {},
    signal: AbortSignal.timeout?.(15000),
  });
  const data = await answer.json().catch(() => ({}));
  const wait_ms = data.retry_after_ms || answer.headers.get('Retry-After') * 1000 || 0;
  if (answer.status >= 500) throw { wait_ms };
  return { code: answer.ok ? '' : data.error ?? 'refused', data, wait_ms };
}

// As the gate said, or a little later: earlier is refused.
const appoint = (ms) => { not_before = Date.now() + ms + Math.random() * Math.min(ms / 10, 1000); };

// One tab at a time: two would get two tickets.
const alone = (work) => navigator.locks?.request(`wr-${room}-join`, work) ?? work();

async function join() {
  document.cookie = 'wr-try=1'; // the only way to know, and before a place is taken
  if (!document.cookie.includes('wr-try')) return finish('cookies');
  const { code, data, wait_ms } = await alone(() => ask('POST', 'ticket', {}));
  shared.refusal = code;
  if (!code) return settle(data);
  if (code === 'sold_out') return finish(code);
  if (!['not_yet', 'closed', 'too_many'].includes(code)) return finish('refused');
  return appoint(wait_ms || 60000);
}

function settle({ epoch, arrival, number, issued_at_ms }) {
  const known = kept.get();
  const same = known?.epoch === epoch && known.arrival === arrival;
  if (known && !same && !known.entered) shared.lost = known;
  shared.place = { ...(same && known), epoch, arrival, number, issued_at_ms, entered: false };
  kept.set(shared.place);
}

// Who went in may be inside still: the gate answers the same pass.
async function come_back() {
  const known = kept.get();
  if (known?.entered) {
    shared.place = known;
    await enter();
    if (INSIDE.includes(shared.end)) return;
    start_over();
  }
  await join();
}

async function enter() {
  const recent = (trips.get() ?? []).filter((at_ms) => Date.now() - at_ms < 60000);
  if (recent.length >= 2) return finish('bounced');
  const { code, data, wait_ms } = await ask('POST', 'pass', to ? { to } : {});
  shared.door = TURN.includes(code) ? code : '';
  if (!code) {
    trips.set([...recent, Date.now()]);
    shared.place.entered = true;
    kept.set(shared.place);
    const shop = new URL(data.redirect, location.href);
    shop.searchParams.delete('wr_handover'); // good once, in this tab
    finish('entered', shop.href);
    return location.replace(data.redirect);
  }
  if (code === 'bad_target') to = null; // the shop's front will do
  if (['lapsed', 'spent', 'left', 'sold_out'].includes(code)) return finish(code);
  if (code === 'bad_ticket' && rejoined) return finish('cookies');
  if (code !== 'bad_ticket' && code !== 'old_epoch') return appoint(wait_ms || 2000);
  rejoined = code === 'bad_ticket';
  shared.place = null;
}

function finish(end, shop = '') {
  Object.assign(shared, { end, shop, door: '' });
  if (!INSIDE.includes(end)) {
    shared.place = null;
    kept.set(null);
  }
  tell();
}

function start_over() {
  Object.assign(shared, fresh);
  not_before = 0;
  rejoined = false;
  kept.set(null);
}

const ahead = () => Math.max(0, shared.place.number - (shared.place.serving ?? 0) - 1);

// The protocol's estimate, in seconds.
function estimate() {
  const { rate_per_min: rate, velocity_per_min: pace, shop } = shared.status;
  if (!rate || !pace) return null;
  const last = ahead() + 1;
  const { free = last, per_min = 1 } = shop ?? {};
  const near = Math.min(last, free);
  const quick = Math.min(Math.max(rate, pace), Math.floor(1.5 * (near ? pace : per_min)));
  const slow2 = pace + Math.min(rate, pace);
  const high = (150 * near * per_min + 75 * (last - near) * slow2) / (slow2 * per_min);
  return [[(60 * ahead()) / quick, 'floor'], [high, 'ceil']].map(([s, round]) => {
    const step = s < 60 ? 10 : s < 600 ? 60 : s < 3600 ? 300 : s < 14400 ? 900 : 3600;
    return Math[round](s / step) * step;
  });
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

// Seconds that a state takes: [low, high]; null: nobody knows.
function left_s(kind) {
  if (kind === 'waiting') return estimate();
  const opens_s = Math.max(0, Math.ceil((shared.status?.opens_at_ms - now()) / 1000));
  if (BEFORE.includes(kind)) return shared.status.opens_at_ms ? [opens_s, opens_s] : null;
  return TURN.includes(kind) ? [0, 0] : null;
}

// At most a join, a status, an entry. Gives the ms to the next round.
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

// Drawn: ask once, at some moment of the published window.
async function ask_for_number({ spread_ms, min_ms }) {
  draw_at ||= Date.now() + Math.random() * spread_ms;
  if (Date.now() < draw_at) return draw_at - Date.now();
  draw_at = 0;
  await join();
  return shared.place?.number == null ? min_ms : 0;
}

function interval({ min_ms, max_ms, divisor }) {
  const kind = state();
  // A line that stands still may go on.
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

// The tab in front leads; without locks each asks for itself.
let leads = !navigator.locks;
let queued = null;
const channel = globalThis.BroadcastChannel && new BroadcastChannel(`wr-${room}`);
const tell = () => channel?.postMessage(shared);
channel?.addEventListener('message', ({ data }) => {
  Object.assign(shared, data);
  if (shared.status) learn(shared.status);
  render();
  if (leads) wake();
});

function lead(steal) {
  if (leads) return;
  queued?.abort();
  queued = new AbortController();
  let held = false;
  navigator.locks.request(`wr-${room}`, steal ? { steal } : { signal: queued.signal }, () => {
    held = leads = true;
    wake();
    return new Promise(() => {}); // until another tab is in front
  }).catch(() => {
    if (!held) return;
    leads = false;
    lead(false);
  });
}

function put(id, text) {
  if ($(id) && $(id).textContent !== text) $(id).textContent = text;
}
const show = (id, on) => { $(id).hidden = !on; };

function view(kind) {
  const { status, place } = shared;
  const [chip, label, big, lead] = states[kind];
  const words = { chip, label, big, lead };
  const values = { number: place?.number ? count(place.number) : '' };
  const left = left_s(kind);
  // Whoever comes back then must not be late for the opening.
  if (left) values.span = span(...left, BEFORE.includes(kind) ? Math.floor : Math.ceil);
  words.aloud = values.span ?? words.big;
  if (BEFORE.includes(kind)) {
    values.when = texts.when_unknown;
    if (left) {
      words.big = countdown(left[0]);
      words.tab = fill(texts.opens, values);
      values.when = fill(texts.at, { time: clock(status.opens_at_ms) });
    }
    values.draw = place?.number ? fill(texts.drawn, values) : texts[status.draw.method];
  } else if (kind === 'drawing') {
    values.span = span(status.poll.spread_ms / 1000);
  } else if (kind === 'door' || kind === 'too_many') {
    values.span = span(Math.max(0, not_before - Date.now()) / 1000);
  } else if (kind === 'paused') {
    values.reason = status.news.findLast?.(({ code }) => code === 'paused')?.text || texts.no_reason;
  } else if (kind === 'waiting') {
    if (left) values.time = clock(now() + left[0] * 1000, now() + left[1] * 1000);
    else words.lead = texts.no_estimate;
    words.tab = ahead() ? fill(texts.ahead, { ahead: count(ahead()) }) : texts.next;
  }
  if (place?.number != null && ['waiting', 'paused'].includes(kind)) {
    words.label = texts.ahead_of_you;
    words.big = ahead() ? count(ahead()) : texts.next;
    words.moves = true;
  }
  return { ...words, lead: fill(words.lead, values) };
}

function note() {
  const { status, place, lost, away, end } = shared;
  if (away || status?.stale) return place ? `${texts.safe} ${texts.away}` : texts.away;
  if (!place || end || status?.phase === 'closed') return '';
  if (!lost) return texts.refresh;
  if (lost.epoch !== place.epoch) return texts.afresh;
  return lost.number && lost.number <= status?.lapsed ? texts.lapsed_before : texts.lost;
}

function render() {
  const kind = state();
  const { status, place, end } = shared;
  const words = view(kind);
  $('card').dataset.state = kind;
  $('card').toggleAttribute('data-away', shared.away);
  $('big').classList.toggle('figure', /^[\p{N}–]/u.test(words.big));
  put('chip', shared.away ? texts.reconnecting : words.chip);
  put('label', words.label);
  put('big', words.big);
  if (kind !== 'loading') put('lead', words.lead);
  put('note', note());
  show('track', words.moves);
  if (words.moves) {
    const share = 1 - ahead() / (place.number - 1 - (place.from ?? 0) || 1);
    $('bar').value = 100 * share;
    put('share', fill(texts.share, { share: share.toLocaleString(locale, { style: 'percent' }) }));
  }
  for (const [id, n] of [
    ['number', place?.number],
    ['serving', words.moves && place.serving],
    ['rate', words.moves && (status.rate_per_min || null)],
    ['here', kind === 'early' && Math.max(status.tail, place.arrival)],
    ['stock', status?.stock],
  ]) {
    const on = Number.isInteger(n) && !end && kind !== 'closed';
    show(id, on);
    if (on) put(`${id}-n`, count(n));
  }
  show('again', end && end !== 'sold_out' && !INSIDE.includes(end));
  show('retry', kind === 'bounced');
  show('shop', kind === 'entered');
  if (shared.shop) $('shop').href = shared.shop;
  show('leave', place && !end && !OVER.includes(kind));
  if (status) {
    put('message', status.message ?? '');
    show('message', status.message);
    put('commitment', status.draw.commitment);
    put('seed', status.draw.seed ?? '–');
    tell_news(status.news);
  }
  document.title = `${words.tab ?? words.chip} · ${title}`;
  speak(kind, words);
}

let told = '';
function tell_news(items) {
  const lines = items.filter(({ code }) => texts.news[code]).slice(-5).reverse();
  const text = JSON.stringify(lines);
  if (text === told) return;
  told = text;
  show('news', lines.length);
  $('news-list').replaceChildren(...lines.map(({ at_ms, code, text }) => {
    const line = document.createElement('li');
    const time = line.appendChild(document.createElement('time'));
    time.dateTime = new Date(at_ms).toISOString();
    time.textContent = clock(at_ms);
    line.append(fill(texts.news[code], { text: /^\d+$/.test(text) ? count(+text) : text }));
    return line;
  }));
}

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

const act = (change) => () => {
  change();
  lead(true);
  tell();
  render();
  wake();
};
$('again').onclick = act(start_over);
$('retry').onclick = act(() => {
  trips.set([]);
  shared.end = '';
});
$('leave-yes').onclick = async () => {
  try {
    if (!(await ask('DELETE', 'ticket')).code) finish('left');
  } catch { shared.away = true; }
  render();
};

function front() {
  if (document.hidden) return;
  lead(true);
  wake();
}
document.addEventListener('visibilitychange', front);
addEventListener('pageshow', (event) => event.persisted && front());
addEventListener('online', () => wake());

// A second that took five was a sleep.
let beat = Date.now();
setInterval(() => {
  const slept = Date.now() - beat > 5000;
  beat = Date.now();
  if (document.hidden) return;
  render();
  if (slept) wake();
}, 1000);

document.documentElement.classList.add('js');
lead(!document.hidden);
run();
