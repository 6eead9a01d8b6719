// What is shown: one card, whose slots every state fills.

function put(id, text, slot = $(id)) {
  if (slot && slot.textContent !== text) slot.textContent = text;
}
const show = (id, on) => { $(id).hidden = !on; };

function view(kind) {
  const { status, place } = shared;
  if (!states[kind]) lack();
  const row = states[kind] ?? states.loading;
  // What another state says in the same slot is that state's name.
  const [chip, label, big, lead] = row.map((word, slot) => states[word]?.[slot] ?? word);
  const words = { chip, label, big, lead };
  const reason = status?.reason ? because(status.reason) : '';
  const values = { number: place?.number ? count(place.number) : '' };
  const left = left_s(kind);
  // Whoever comes back when the page says must not be late for the opening.
  if (left) values.span = span(...left, is_in(BEFORE, kind) ? floor : ceil);
  words.aloud = values.span ?? words.big;
  if (is_in(BEFORE, kind)) {
    values.when = texts.unknown;
    if (left) {
      words.big = countdown(left[0]);
      words.tab = fill(texts.opens, values);
      const at_ms = status.opens_at_ms;
      values.when = fill(texts.at, { time: clock(at_ms, at_ms, { timeZoneName: 'short' }) });
    }
    values.draw = place?.number ? fill(texts.drawn, values) : texts[status.draw.method];
  } else if (kind === 'drawing') {
    values.span = span(max(0, opens_in_ms() + status.poll.spread_ms) / 1e3);
  } else if (kind === 'door' || kind === 'too_many') {
    values.span = span(max(0, not_before - passed()) / 1e3);
  } else if (kind === 'paused') {
    values.reason = reason || texts.no_reason;
  } else if (kind === 'waiting') {
    if (left) values.time = clock(now() + left[0] * 1e3, now() + left[1] * 1e3);
    else words.lead = texts.held;
    if (is_stalled()) {
      words.lead = texts.stalled;
      values.time = clock(place.moved_ms);
    }
    words.tab = ahead() ? fill(texts.ahead, { ahead: count(ahead()) }) : texts.next;
  }
  if (is_by_hand(kind)) {
    words.lead = texts.come;
    values.time = clock(now() + claim_left_ms());
    values.left = countdown(left[0]);
    words.tab = `${chip} ${values.left}`;
    words.by_hand = true;
  }
  if (place?.number != null && is_in(['waiting', 'paused'], kind)) {
    words.label = texts.people;
    words.big = ahead() ? count(ahead()) : texts.next;
    words.moves = true;
  }
  return { ...words, lead: fill(words.lead, values) + (is_in(OVER, kind) ? ` ${reason}` : '') };
}

function note() {
  const { status, place, lost, away, end } = shared;
  if (away || status?.stale) return place ? `${texts.safe} ${texts.away}` : texts.away;
  if (!place || end || status?.phase === 'closed') return '';
  if (!lost) return shared.choices.by_hand ? texts.refresh : `${texts.refresh} ${texts.stay}`;
  if (lost.epoch !== place.epoch) return texts.afresh;
  return lost.number && lost.number <= status?.lapsed ? texts.expired : texts.lost;
}

const check = () => later().then((it) => it.check({ put, show, fill, texts, room }, shared)).catch(() => {});

function render() {
  const kind = state();
  const { status, place, end, gone } = shared;
  const focused = doc.activeElement;
  lacking = false;
  const words = view(kind);
  $('card').className = shared.away ? `${kind} away` : kind;
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
    ['here', kind === 'early' && max(status.tail, place.arrival)],
    ['stock', status?.stock],
  ]) {
    const on = Number.isInteger(n) && !end && kind !== 'closed';
    show(id, on);
    if (on) put(id, count(n), $(id).lastChild);
  }
  const code = (end ? gone : place)?.code;
  show('code', code);
  put('code', code, $('code').lastChild);
  show('again', end && end !== 'sold_out' && !is_in(INSIDE, end));
  show('retry', kind === 'bounced');
  show('shop', kind === 'entered');
  $('shop').href = shared.shop;
  show('enter', words.by_hand);
  show('more', words.by_hand && !place.extended);
  show('leave', place && !end && !is_in(OVER, kind));
  show('ways', !end && !is_in(OVER, kind));
  show_choices();
  if (status) {
    put('message', status.message);
    show('message', status.message);
    if (place && $('check')?.open) check();
    tell_news(status.news);
  }
  if (history.state !== end) history.replaceState(end, ''); // see come_back
  doc.title = `${words.tab ?? words.chip} · ${title}`;
  speak(kind, words);
  // Whose button is gone goes on from the card, not from the top.
  if (focused !== doc.body && !focused.offsetParent) $('card').focus();
}

let told = '';
function tell_news(items) {
  // Of places drawn and of the rate the text is a number; of others an operator may have written it.
  const lines = items.filter(({ code }) => texts.news[code]).slice(-5).reverse()
    .map(({ at_ms, code, text, reason }) => [at_ms, /drawn|rate/.test(code)
      ? fill(texts.news[code], { text: count(+text) })
      : `${fill(texts.news[code], {})} ${because({ code: reason, text })}`]);
  const all = JSON.stringify(lines);
  if (all === told) return;
  told = all;
  show('news', lines.length);
  $('news-list').replaceChildren(...lines.map(([at_ms, text]) => {
    const line = doc.createElement('li');
    const time = line.appendChild(doc.createElement('time'));
    time.dateTime = new Date(at_ms).toISOString();
    time.textContent = clock(at_ms);
    line.append(text);
    return line;
  }));
}
