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
