// Words, amounts and times in the page's language.

const locale = navigator.languages?.find((name) => name.split('-')[0] === lang) || lang;
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
const count = (n) => n.toLocaleString(locale);
const whole = (range) => range.replace(/[–-]/, '$&\u2060'); // no line ends after the dash

// The words of what few shoppers meet are fetched when one does; once more where that failed.
let fetched = null;
const fetch_words = () => fetched ??= fetch(rest).then((answer) => answer.json()).then((found) => {
  assign(states, found.states);
  assign(carried, found.texts);
  render();
}).catch(() => setTimeout(() => { fetched = null; }, 5000));
let lacking = false; // what is shown now has a gap, until those words are there
function lack() {
  lacking = true;
  fetch_words();
}
const texts = new Proxy(carried, { get: (all, name) => all[name] ?? (lack(), '') });

// Why somebody paused, closed …: for what the page has words, and what they say themselves.
const because = ({ code, text }) => `${code && texts.reasons[code] || ''} ${text}`.trim();

function amount(unit, low, high = low) {
  const format = new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' });
  if (low === high) return format.format(high);
  if (!low) return fill(texts.up_to, { span: format.format(high) });
  return whole(format.formatRange?.(low, high) ?? `${low}–${format.format(high)}`);
}

// Seconds as people say them: a range rounded outward; a single time up, or as `round` says.
function span(low_s, high_s = low_s, round = ceil) {
  if (high_s < 60) return texts.moments;
  const [unit, size] = high_s < 7200 ? ['minute', 60] : high_s < 172800 ? ['hour', 3600] : ['day', 86400];
  const high = round(high_s / size);
  return amount(unit, low_s < high_s ? floor(low_s / size) : high, high);
}

function clock(from_ms, until_ms = from_ms, more) {
  const today = new Date(until_ms).toDateString() === new Date(now()).toDateString();
  const day = today ? {} : { weekday: 'long', day: 'numeric', month: 'long' };
  const format = new Intl.DateTimeFormat(locale, { ...day, ...more, hour: 'numeric', minute: '2-digit' });
  return whole(format.formatRange?.(from_ms, until_ms) ?? format.format(until_ms));
}

function countdown(s) {
  const two = (n) => String(floor(n)).padStart(2, '0');
  const days = s < 86400 ? '' : `${amount('day', floor(s / 86400))} `;
  const hours = s < 3600 ? '' : `${two((s % 86400) / 3600)}:`;
  return `${days}${hours}${two((s % 3600) / 60)}:${two(s % 60)}`;
}
