// The shopper's page: one loop reads the status, works out the place, and enters when called.
// What a server sends is only shown as text.

const { abs, ceil, floor, max, min, random } = Math;
const doc = document;
const { assign } = Object;
const $ = (id) => doc.getElementById(id);
const { room, base, lang, later: address, states, rest, texts: carried } = JSON.parse($('data').textContent);
const name = `wr-${room}`; // of what the browser keeps and shares
const { locks } = navigator;
const title = doc.querySelector('h1').textContent;
const later = () => fetch_words().then(() => import(address)); // what few need, or nobody needs at once: see ../later
let to = new URLSearchParams(location.search).get('to');

// What all tabs share: the one that leads tells the others.
const fresh = {
  status: null,
  place: null, // what the ticket says, and what this browser saw since: see learn
  end: '', // only the shopper ends it: left, lapsed, entered …
  refusal: '', // why there is no place yet
  door: '', // called, and asked to wait: door, full
  gone: null, // the place of whoever ended: its code still counts, and support may call it again
  lost: null, // a place that this browser did not show any more
};
const shared = { ...fresh, away: false, shop: '' };
const luck = random(); // this page's own moment in everything that a crowd does
const passed = () => performance.now(); // ms; clocks are set, this is not
let not_before = 0; // the gate's appointment for a join or entry, by it
let failures = 0;
let rejoined = false;
const TURN = ['called', 'door', 'full'];
const GONE = ['lapsed', 'spent', 'left', 'sold_out'];
const INSIDE = ['entered', 'bounced'];
const OVER = ['closed', 'draining'];
const BEFORE = ['early', 'not_yet'];
const is_in = (kinds, kind) => kinds.includes(kind);
