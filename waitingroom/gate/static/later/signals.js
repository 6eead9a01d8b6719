// How the turn is told to whoever looks elsewhere: two notes, made here, and a notification.

let audio = null;

// Browsers play nothing before the first click or key on the page.
export function unlock() {
  audio ??= new AudioContext();
  audio.resume();
}

// Resolves when it has been heard.
function chime() {
  unlock();
  [660, 880].forEach((hertz, n) => {
    const [tone, volume] = [audio.createOscillator(), audio.createGain()];
    const at_s = audio.currentTime + n / 4;
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0.3, at_s);
    volume.gain.exponentialRampToValueAtTime(0.001, at_s + 0.5);
    tone.connect(volume).connect(audio.destination);
    tone.start(at_s);
    tone.stop(at_s + 0.5);
  });
  return new Promise((done) => { setTimeout(done, 800); });
}

// Whether the browser, or the shopper, allows it; asked for by a click only.
export async function may_notify() {
  return await globalThis.Notification?.requestPermission() === 'granted';
}

// Whether it was shown: the shopper may have taken the permission back.
function notify(text, body, tag) {
  if (globalThis.Notification?.permission !== 'granted') return false;
  try {
    const notification = new Notification(text, { body, tag });
    notification.onclick = () => { focus(); notification.close(); };
    return true;
  } catch {
    return false; // phones allow it to service workers only
  }
}

// Gives what could be done, and the sound while it lasts.
export function ring(chosen, text, body, tag) {
  const heard = chosen.sound ? chime() : null;
  return { heard, shown: !chosen.notify || notify(text, body, tag) };
}
