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
    return new Promise(() => {}); // until this tab closes or another is in front
  }).catch(() => {
    if (!held) return;
    leads = false;
    lead(false);
  });
}
