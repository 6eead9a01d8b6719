// The buttons, and the beginning.

const act = (change) => async () => {
  await change();
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
if ($('check')) $('check').ontoggle = render;
for (const name in CHOICES) $(name).onchange = act(() => choose(name, $(name)[CHOICES[name]]));
$('enter').onclick = act(() => { shared.place.going = true; });
const attempt = (work) => async () => {
  try {
    await work();
  } catch { shared.away = true; }
  tell();
  render();
};
$('more').onclick = attempt(async () => {
  await take_time();
  put('polite', view(state()).lead);
});
$('leave-yes').onclick = attempt(async () => {
  if (!(await ask('ticket', undefined, 'DELETE')).code) finish('left');
});

function front() {
  if (doc.hidden) return;
  lead(true);
  wake();
}
doc.onvisibilitychange = front;
onpageshow = (event) => event.persisted && front();
ononline = () => wake();

// A second that took five was a sleep, in which `passed` may have stood still.
let beat = Date.now();
setInterval(() => {
  const slept = Date.now() - beat > 5e3;
  beat = Date.now();
  if (doc.hidden) return;
  render();
  if (!slept) return;
  not_before = 0;
  wake();
}, 1e3);

$('plain')?.remove();
lead(!doc.hidden);
run();
