// "Check my place": the draw once more, in view, and the command that does it without us.

let checked = '';

// `page`: how it shows things, and its sentences. The commitment is the one that this browser was
// shown first, whatever the room publishes by now. What has not changed is not checked again.
export async function check({ put, show, fill, texts, room }, { place, status }) {
  const { epoch, drawn, draw: { seed } } = status;
  const { arrival, number, promised: commitment } = place;
  const values = Object.entries({ room, epoch, drawn, arrival, number, seed, commitment });
  const text = JSON.stringify([place.epoch, values]);
  if (text === checked) return;
  checked = text;
  put('published', values.slice(0, 5).map(([name, value]) => `${name} ${value ?? '–'}`).join(' · '));
  put('commitment', commitment);
  put('seed', seed ?? '–');
  show('by-command', seed && number);
  if (!seed || !number) return;
  const found = await number_of(arrival, { room, epoch, drawn, seed });
  const fits = await commitment_of(seed) === commitment && found === number;
  const sentence = !fits ? texts.misfit : arrival > drawn ? texts.after : texts.fits;
  put('verdict', fill(sentence, { arrival, number }));
  put('command', values.reduce(
    (words, [name, value]) => `${words} --${name} ${value}`, 'waitingroom draw verify',
  ));
}
