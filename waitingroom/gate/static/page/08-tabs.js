// Several tabs are one shopper: one of them asks, and tells the others.

// The tab in front leads; without locks each asks for itself.
let leads = !locks;
let queued = null;
const channel = globalThis.BroadcastChannel && new BroadcastChannel(name);
const tell = () => channel?.postMessage(shared);
if (channel) channel.onmessage = ({ data }) => {
  const { place } = shared;
  assign(shared, data);
  // The other tab may have read an older document: a place never grows.
  if (place && ['epoch', 'arrival'].every((name) => place[name] === shared.place?.[name])) {
    shared.place.number ??= place.number;
    if (place.serving > shared.place.serving) shared.place.serving = place.serving;
  }
  if (shared.status) learn(shared.status);
  render();
  if (leads) wake();
};

function lead(steal) {
  if (leads) return;
  queued?.abort();
  queued = new AbortController();
  let held = false;
  locks.request(name, steal ? { steal } : { signal: queued.signal }, () => {
    held = leads = true;
    wake();
    return new Promise(() => {}); // until this tab closes or another is in front
  }).catch(() => {
    if (!held) return;
    leads = false;
    lead(false);
  });
}
