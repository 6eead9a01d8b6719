// The shopper's page. One loop reads the room's status, works out this shopper's place from it, and
// enters when called. A module, so strict and without globals. Its words come from the page's data
// block; whatever a server sends is shown as text, never as HTML.

const $ = (id) => document.getElementById(id);
const { room, base, lang, title, states, texts } = JSON.parse($('data').textContent);
const to = new URLSearchParams(location.search).get('to');

// What all tabs of this shopper share: the tab that leads sends it to the others.
const shared = {
  status: null, //  the newest status document
  place: null, //   {epoch, arrival, number, issued_at_ms, from, serving}: the highest serving number seen
  end: '', //       a state that only the shopper ends: left, lapsed, entered …
  refusal: '', //   why there is no place yet: not_yet, closed, too_many
  door: '', //      called, and asked to wait: door, full
  away: false, //   the gate cannot be reached
  lost: null, //    the place that this browser had before, and did not show any more
  shop: '', //      where the shop is, once a tab went in
};
let not_before = 0; // the gate's appointment for the next join or entry, on the local clock
let draw_at = 0; //    when to ask for the number that was drawn
let failures = 0;
let rejoined = false;

// ---- Words, numbers and times ----------------------------------------------------------------------

const locale = navigator.languages?.find((name) => name.split('-')[0] === lang) || lang;
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
const count = (n) => n.toLocaleString(locale);

function amount(unit, low, high) {
  const format = new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' });
  if (low === high) return format.format(high);
  if (!low) return fill(texts.up_to, { span: format.format(high) });
  return format.formatRange?.(low, high) ?? `${count(low)}–${format.format(high)}`;
}

// Seconds as people say them, rounded outward.
function span(low_s, high_s = low_s) {
  if (high_s < 60) return texts.moments;
  if (high_s < 7200) return amount('minute', Math.floor(low_s / 60), Math.ceil(high_s / 60));
  return amount('hour', Math.floor(low_s / 1800) / 2, Math.ceil(high_s / 1800) / 2);
}

function clock(from_ms, until_ms = from_ms) {
  const today = new Date(from_ms).toDateString() === new Date().toDateString();
  const day = today ? {} : { weekday: 'long', day: 'numeric', month: 'long' };
  const format = new Intl.DateTimeFormat(locale, { ...day, hour: 'numeric', minute: '2-digit' });
  return format.formatRange?.(from_ms, until_ms) ?? format.format(until_ms);
}

function countdown(ms) {
  const s = Math.max(0, Math.ceil(ms / 1000));
  const two = (n) => String(Math.floor(n)).padStart(2, '0');
  const days = Math.floor(s / 86400);
  const hours = s < 3600 ? '' : `${two((s % 86400) / 3600)}:`;
  return `${days ? `${amount('day', days, days)} ` : ''}${hours}${two((s % 3600) / 60)}:${two(s % 60)}`;
}

// ---- Memory, for showing only: the ticket is in a cookie that no script can read ---------------------

function recall(area, name) {
  try { return JSON.parse(window[area].getItem(`wr-${room}-${name}`)); } catch { return null; }
}
function remember(area, name, value) {
  try { window[area].setItem(`wr-${room}-${name}`, JSON.stringify(value)); } catch { /* go on without */ }
}

// The server's time: the largest difference seen has the least delay in it, and the monotonic clock
// under it does not mind when somebody sets the wall clock.
let offset_ms = -Infinity;
const now = () => (offset_ms > -Infinity ? performance.now() + offset_ms : Date.now());

function learn(status) {
  offset_ms = Math.max(offset_ms, status.now_ms - performance.now());
  shared.status = status;
  const { place } = shared;
  if (place?.epoch !== status.epoch) return;
  place.from ??= status.serving;
  place.serving = Math.max(place.serving ?? 0, status.serving); // a cache may be behind: never go back
  remember('localStorage', 'place', place);
}

// ---- Talking to the gate -------------------------------------------------------------------------------

async function ask(method, path, body) {
  const answer = await fetch(`${base}/${path}`, {
    method,
    body: body && JSON.stringify(body),
    headers: body ? { 'Content-Type': 'application/json' } : {},
    signal: AbortSignal.timeout?.(15000),
  });
  const data = await answer.json().catch(() => ({}));
  const wait_ms = data.retry_after_ms || answer.headers.get('Retry-After') * 1000 || 0;
  if (answer.status >= 500) throw Object.assign(new Error(data.error), { wait_ms });
  return { code: answer.ok ? '' : data.error || 'refused', data, wait_ms };
}

// When the gate said, and a little later for some. Earlier would be refused, much later be too late.
const appoint = (ms) => { not_before = Date.now() + ms + Math.random() * Math.min(ms / 10, 1000); };

// One tab at a time: two that join at once would get two tickets, and have one cookie.
const alone = (work) => navigator.locks?.request(`wr-${room}-join`, work) ?? work();

async function join() {
  if (!navigator.cookieEnabled) return finish('cookies');
  const { code, data, wait_ms } = await alone(() => ask('POST', 'ticket', {}));
  shared.refusal = code;
  if (!code) return settle(data);
  if (code === 'sold_out' || code === 'no_such_room') return finish(code);
  if (!['not_yet', 'closed', 'too_many'].includes(code)) return finish('refused');
  // Before the opening there is nothing to win by coming first, so not all at once.
  const spread_ms = code === 'not_yet' ? Math.random() * (shared.status?.poll.spread_ms ?? 1000) : 0;
  return appoint((wait_ms || 10000) + spread_ms);
}

function settle({ epoch, arrival, number, issued_at_ms }) {
  const known = recall('localStorage', 'place');
  const same = known?.epoch === epoch && known.arrival === arrival;
  if (known && !same && !known.entered) shared.lost = known;
  shared.place = { ...(same && known), epoch, arrival, number, issued_at_ms, entered: false };
  remember('localStorage', 'place', shared.place);
}

// Whoever went in before and comes back may still be inside: the gate then answers the same pass.
async function rejoin() {
  const known = recall('localStorage', 'place');
  if (!known?.entered) return join();
  shared.place = known;
  await enter();
  if (shared.end === 'entered' || shared.end === 'bounced') return undefined;
  again();
  return join();
}

async function enter() {
  const trips = (recall('sessionStorage', 'trips') ?? []).filter((at) => Date.now() - at < 60000);
  if (trips.length >= 2) return finish('bounced');
  const { code, data, wait_ms } = await ask('POST', 'pass', to ? { to } : {});
  shared.door = code === 'door' || code === 'full' ? code : '';
  if (!code) {
    remember('sessionStorage', 'trips', [...trips, Date.now()]);
    remember('localStorage', 'place', { ...shared.place, entered: true });
    const shop = new URL(data.redirect, location.href);
    shop.searchParams.delete('wr_handover'); // good for one use, which is this tab's
    finish('entered', shop.href);
    return location.replace(data.redirect);
  }
  if (['lapsed', 'spent', 'left', 'sold_out'].includes(code)) return finish(code);
  if (code === 'bad_ticket' && rejoined) return finish('cookies');
  if (code !== 'bad_ticket' && code !== 'old_epoch') return appoint(wait_ms || 2000);
  rejoined = code === 'bad_ticket';
  shared.place = null;
  return undefined;
}

function finish(end, shop = '') {
  Object.assign(shared, { end, shop, door: '' });
  if (end !== 'entered' && end !== 'bounced') remember('localStorage', 'place', null);
  tell();
}

// ---- The place and the expected time ---------------------------------------------------------------------

const ahead = () => Math.max(0, shared.place.number - (shared.place.serving ?? 0) - 1);

// The protocol's own estimate, step by step: whole seconds, {low_s, high_s}.
function estimate() {
  const { rate_per_min: rate, velocity_per_min: velocity } = shared.status;
  if (!rate) return null;
  const step = (s) => [[60, 10], [600, 60], [3600, 300], [14400, 900]].find(([below]) => s < below)?.[1] ?? 3600;
  const low_s = Math.floor((60 * ahead()) / Math.max(rate, velocity));
  const high_s = Math.ceil((150 * (ahead() + 1)) / (2 * Math.min(rate, velocity) || rate));
  return {
    low_s: Math.floor(low_s / step(low_s)) * step(low_s),
    high_s: Math.ceil(high_s / step(high_s)) * step(high_s),
  };
}

// Which of the page's states this is; each has its words in `states`.
function state() {
  const { status, place, end, refusal, door } = shared;
  if (end) return end;
  if (!status) return 'loading';
  const { phase } = status;
  if (phase === 'closed' || phase === 'draining') return phase;
  if (!place && phase === 'scheduled') return 'not_yet';
  if (!place) return { too_many: 'too_many', closed: 'no_joins' }[refusal] ?? 'loading';
  if (phase === 'scheduled' || phase === 'early') return 'early';
  if (phase === 'paused') return 'paused';
  if (place.number == null) return 'drawing';
  return place.number <= place.serving ? door || 'called' : 'waiting';
}

// ---- The loop ----------------------------------------------------------------------------------------------

// One round: at most a join, a status and an entry. Gives the ms until the next one.
async function round() {
  if (!shared.status && !shared.end) await rejoin();
  if (shared.end) return Infinity;
  const { code, data } = await ask('GET', 'status.json');
  if (code) finish(code === 'no_such_room' ? code : 'refused');
  else learn(data);
  if (shared.end) return Infinity;
  const { status, place } = shared;
  if (place && place.epoch !== status.epoch) {
    Object.assign(shared, { place: null, door: '' });
    appoint(Math.random() * 10 * status.poll.spread_ms); // a reset: not everybody at once
  }
  if (Date.now() >= not_before) {
    if (!shared.place && ['early', 'open', 'paused'].includes(status.phase)) {
      await join();
      if (shared.place) return 0;
    } else if (['called', 'door', 'full'].includes(state())) {
      await enter();
    }
  }
  if (shared.end) return Infinity;
  if (place?.number == null && status.drawn != null && shared.place) return drawn(status.poll);
  return Math.min(interval(), Math.max(0, not_before - Date.now()) || Infinity);
}

// The draw is done: ask for the own number once, at a random moment of the published window.
async function drawn({ spread_ms, min_ms }) {
  draw_at ||= Date.now() + Math.random() * spread_ms;
  if (Date.now() < draw_at) return draw_at - Date.now();
  draw_at = 0;
  await join();
  return shared.place.number == null ? min_ms : 0;
}

function interval() {
  const { status, place } = shared;
  const { min_ms, max_ms, divisor } = status.poll;
  let expected_ms = Infinity;
  if (status.phase === 'scheduled' || status.phase === 'early') {
    if (status.opens_at_ms) expected_ms = status.opens_at_ms - now();
  } else if (place?.number != null) {
    expected_ms = (estimate()?.low_s ?? Infinity) * 1000;
  }
  const ms = Math.min(Math.max(min_ms, expected_ms / divisor), max_ms);
  return Math.min(document.hidden ? ms * 3 : ms, max_ms) * (0.85 + Math.random() * 0.3);
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

// ---- Several tabs: the one in front leads, the others show what it learns ------------------------------------

let leads = !navigator.locks; // where there are no locks, each tab asks for itself
let queued = null;
const channel = globalThis.BroadcastChannel && new BroadcastChannel(`wr-${room}`);
const tell = () => channel?.postMessage(shared);

function lead(steal) {
  if (leads) return;
  queued?.abort();
  queued = new AbortController();
  let held = false;
  navigator.locks.request(`wr-${room}`, steal ? { steal } : { signal: queued.signal }, () => {
    held = leads = true;
    wake();
    return new Promise(() => {}); // until the tab closes, or another one comes to the front
  }).catch(() => {
    if (!held) return;
    leads = false;
    lead(false);
  });
}

channel?.addEventListener('message', ({ data }) => {
  Object.assign(shared, data);
  if (shared.status) learn(shared.status);
  render();
  if (leads) wake();
});

// ---- Showing it -----------------------------------------------------------------------------------------------

function put(id, text) {
  const node = $(id);
  if (node && node.textContent !== text) node.textContent = text;
}
const show = (id, on) => { $(id).hidden = !on; };

// The words of a state, filled in.
function view(kind) {
  const { status, place } = shared;
  const words = { ...states[kind] };
  const values = { number: place?.number ? count(place.number) : '' };
  if (kind === 'early' || kind === 'not_yet') {
    const at = status.opens_at_ms;
    if (at) words.big = countdown(at - now());
    values.when = at ? fill(texts.at, { time: clock(at) }) : texts.when_unknown;
    values.draw = place?.number ? fill(texts.drawn, values) : texts[status.draw.method];
    words.aloud = at ? span((at - now()) / 1000) : words.big;
  } else if (kind === 'drawing') {
    values.span = span(status.poll.spread_ms / 1000);
  } else if (kind === 'door' || kind === 'too_many') {
    values.span = span(Math.max(0, not_before - Date.now()) / 1000);
  } else if (kind === 'paused') {
    values.reason = status.news.filter((item) => item.code === 'paused').pop()?.text || texts.no_reason;
  } else if (kind === 'waiting') {
    const time = estimate();
    if (!time) words.lead = texts.no_estimate;
    values.span = time && span(time.low_s, time.high_s);
    values.time = time && clock(now() + time.low_s * 1000, now() + time.high_s * 1000);
    words.tab = fill(texts.ahead, { ahead: count(ahead()) });
  }
  if (place?.number != null && (kind === 'waiting' || kind === 'paused')) {
    words.label = states.waiting.label;
    words.big = ahead() ? count(ahead()) : texts.next;
  }
  return { ...words, lead: fill(words.lead, values) };
}

function note() {
  const { status, place, lost, away, end } = shared;
  if (away || status?.stale) return place ? texts.safe : texts.away;
  if (!place || end || status.phase === 'closed') return '';
  if (!lost) return texts.refresh;
  if (lost.epoch !== place.epoch) return texts.afresh;
  return lost.number && lost.number <= status.lapsed ? texts.lapsed_before : texts.lost;
}

function render() {
  const kind = state();
  const { status, place, end, away } = shared;
  const words = view(kind);
  const moving = place?.number != null && (kind === 'waiting' || kind === 'paused');
  $('card').dataset.state = kind;
  put('chip', away ? texts.reconnecting : words.chip);
  put('label', words.label);
  put('big', words.big);
  if (kind !== 'loading') put('lead', words.lead);
  put('note', note());
  show('track', moving);
  if (moving) {
    const length = Math.max(1, place.number - 1 - (place.from ?? 0));
    const share = Math.min(1, Math.max(0, 1 - ahead() / length));
    $('bar').value = 100 * share;
    put('share', fill(texts.share, { share: share.toLocaleString(locale, { style: 'percent' }) }));
  }
  const figures = {
    number: place?.number,
    serving: moving ? place.serving : null,
    rate: moving ? status.rate_per_min : null,
    here: kind === 'early' ? status.tail : null,
    stock: status?.stock,
  };
  for (const [id, n] of Object.entries(figures)) {
    const on = n != null && !end;
    show(id, on);
    if (on) put(`${id}-n`, count(n));
  }
  show('again', words.again);
  show('retry', kind === 'bounced');
  show('shop', kind === 'entered');
  if (shared.shop) $('shop').href = shared.shop;
  show('leave', place && !end && kind !== 'closed' && kind !== 'draining');
  if (status) {
    put('message', status.message ?? '');
    show('message', status.message);
    put('commitment', status.draw.commitment);
    put('seed', status.draw.seed ?? texts.seed_later);
    news(status.news);
  }
  document.title = `${words.tab ?? words.chip} · ${title}`;
  speak(kind, words);
}

let printed = '';
function news(items) {
  const lines = [...items].sort((a, b) => b.at_ms - a.at_ms).slice(0, 5);
  if (JSON.stringify(lines) === printed) return;
  printed = JSON.stringify(lines);
  show('news', lines.length);
  $('news-list').replaceChildren(...lines.map(({ at_ms, code, text }) => {
    const line = document.createElement('li');
    const time = line.appendChild(document.createElement('time'));
    time.dateTime = new Date(at_ms).toISOString();
    time.textContent = clock(at_ms);
    line.append(fill(texts.news[code] ?? '{text}', { text }));
    return line;
  }));
}

// Aloud only what matters: another state, half as many ahead, a wait of another size.
let said = {};
function speak(kind, words) {
  const people = kind === 'waiting' ? ahead() : 0;
  const left_s = { waiting: () => estimate()?.high_s, early: () => (shared.status.opens_at_ms - now()) / 1000 }[kind]?.() ?? 0;
  const size = [60, 300, 900, 3600].filter((s) => s < left_s).length;
  const grown = people > said.people / 2 || people === said.people;
  const quiet = performance.now() < said.at + 20000;
  if (kind === 'loading' || (kind === said.kind && (quiet || (grown && size === said.size)))) return;
  const turn = kind === 'called' || kind === 'door' || kind === 'full';
  put(turn ? 'alert' : 'polite', `${words.label}: ${words.aloud ?? words.big}. ${words.lead}`);
  said = { kind, people, size, at: performance.now() };
}

// ---- Buttons, and what wakes the page ---------------------------------------------------------------------------

function again() {
  Object.assign(shared, { status: null, place: null, end: '', refusal: '', door: '', lost: null });
  not_before = 0;
  rejoined = false;
  remember('localStorage', 'place', null);
}
function act() {
  lead(true);
  tell();
  render();
  wake();
}
const front = () => {
  if (document.hidden) return;
  lead(true);
  wake();
};

$('again').onclick = () => {
  again();
  act();
};
$('retry').onclick = () => {
  remember('sessionStorage', 'trips', []);
  shared.end = '';
  act();
};
$('leave-yes').onclick = async () => {
  try {
    const { code } = await ask('DELETE', 'ticket');
    if (!code || code === 'bad_ticket') finish('left');
  } catch {
    shared.away = true;
  }
  render();
};
document.addEventListener('visibilitychange', front);
addEventListener('pageshow', (event) => event.persisted && front());
addEventListener('online', () => wake());

// Once a second the countdown moves on; a second that took five was a sleep.
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
