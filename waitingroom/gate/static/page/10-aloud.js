// What is said by a screen reader, shown by the system, and heard: each as the shopper chose.

const chosen = memory('localStorage', 'wr-choices');
const CHOICES = { notify: 'checked', sound: 'checked', by_hand: 'checked', aloud: 'value' };
shared.choices = { aloud: 'some', ...chosen.get() };

async function choose(name, value) {
  shared.choices[name] = value;
  if (name === 'notify' && value && !(await (await later()).may_notify())) {
    shared.choices.notify = false;
    put('tried', texts.no_notify);
  }
  if (name === 'sound' && value) (await later()).unlock();
  chosen.set(shared.choices);
}

function show_choices() {
  const { choices } = shared;
  for (const name in CHOICES) $(name)[CHOICES[name]] = choices[name] ?? false;
  show('try', choices.notify || choices.sound);
}

let rung = null; // the signals of the turn, while they last
async function ring() {
  const { heard, shown } = (await later()).ring(shared.choices, states.called[2], title, room);
  put('tried', shown ? '' : texts.no_notify);
  await heard;
}

// Aloud: a new state, half as many ahead, a wait of another size. At once when it is the turn.
let said = {};
function speak(kind, words) {
  if (lacking) return; // in a moment, and whole
  const { notify, sound, aloud } = shared.choices;
  const people = kind === 'waiting' ? ahead() : 0;
  const left = left_s(kind)?.[1];
  const size = [60, 300, 900, 3600].filter((s) => s < left).length;
  const turn = is_in(TURN, kind);
  if (kind === said.kind) {
    const moved = aloud === 'all' ? people !== said.people : people < said.people / 2;
    if (!moved && size === said.size || passed() < said.at_ms + 2e4) return;
  }
  const first = turn && !is_in(TURN, said.kind);
  said = { kind, people, size, at_ms: passed() };
  if (first && leads && (notify || sound)) rung = ring().catch(() => {});
  if (kind === 'loading' || kind === 'entered' && leads) return; // a page that goes says no more
  if (!turn) put('alert', ''); // the next turn is said in the same words
  if (aloud === 'turn' && !turn) return;
  const big = is_in(BEFORE, kind) ? words.aloud : words.big;
  put(first ? 'alert' : 'polite', `${words.label}: ${big}. ${words.lead}`);
}

$('try').onclick = ring;
// Browsers play nothing before the first click.
onclick = async () => shared.choices.sound && (await later()).unlock();
