// Keeps a page's figures as they are now: asks once a second, and says when nobody answers.
// And sends each form once.
"use strict";

const EVERY_MS = 1000;
const HIDDEN_MS = 10000;
const PATIENCE_MS = 5000;
const SENT_MS = 15000;
// Rounds between two drawings: of a whole sale a minute is hardly a pixel.
const CHARTS_EVERY = { hour: 10, sale: 60 };
const place = document.querySelector("[data-live]");
const parts = [...document.querySelectorAll("[data-part]")];
const again = document.querySelector("[data-again]");
const told = document.getElementById("told");
const away = document.createElement("p");
const SAID = {
  401: "Your session has ended. What you type here is kept: send it, and log in.",
  404: "This room is no longer there.",
  503: "The store does not answer. What is shown is old, and nothing can be changed; it goes on by itself.",
  0: "The console does not answer. What is shown is old, and nothing can be changed; it goes on by itself.",
};
let rounds = 0;
let trouble = null;
let timer;

function show(name, text) {
  for (const spot of document.querySelectorAll(`[data-figure="${CSS.escape(name)}"]`)) {
    if (spot.textContent !== text) spot.textContent = text;
  }
}

function showNews(news) {
  const list = document.querySelector("[data-news]");
  if (!list || !news.length) return;
  const items = news.map(([at, text]) => {
    const item = document.createElement("li");
    const time = document.createElement("time");
    const words = document.createElement("bdi");
    time.textContent = at;
    words.textContent = text;
    item.append(time, " ", words);
    return item;
  });
  list.replaceChildren(...items);
}

// Read aloud when it changes, so it is put anew only then.
function showAlarms(alarms) {
  const list = document.querySelector("[data-alarms]");
  if (!list || JSON.stringify(alarms) === JSON.stringify(JSON.parse(list.dataset.alarms))) return;
  list.dataset.alarms = JSON.stringify(alarms);
  list.replaceChildren(...alarms.map(alarmCard));
}

function alarmCard(alarm) {
  const card = document.createElement("div");
  card.className = `card alarm ${alarm.severity.toLowerCase()}`;
  const line = (tag, text) => {
    const made = document.createElement(tag);
    made.textContent = text;
    return made;
  };
  const words = line("strong", `${alarm.severity}: `);
  words.append(line("bdi", alarm.words));
  const since = line("span", alarm.since);
  const where = document.createElement("p");
  since.className = where.className = "soft";
  where.append(line("code", `docs/runbook.md#${alarm.name.toLowerCase()}`));
  const head = document.createElement("p");
  head.append(words, " ", since);
  card.append(head, line("p", alarm.to_do), where);
  return card;
}

// Asked when the figures are fresh: a picture that cannot be loaded now would be a broken one.
function drawAgain(span) {
  for (const chart of document.querySelectorAll(`[data-chart="${span}"] > *`)) {
    const attribute = chart.localName === "img" ? "src" : "srcset";
    const url = new URL(chart.getAttribute(attribute), location.href);
    url.searchParams.set("round", rounds);
    chart.setAttribute(attribute, url);
  }
}

// While a form is on its way no button takes the place of the one that was touched.
function isInUse(part) {
  if (document.querySelector("[data-sent]")) return true;
  const typed = [...part.querySelectorAll("input")].some((one) => one.value !== one.defaultValue);
  const chosen = [...part.querySelectorAll("select")].some((one) => one.selectedIndex !== first(one));
  return typed || chosen || part.contains(document.activeElement);
}

// Which one was chosen when the page came; browsers choose the first where none is marked.
function first(select) {
  return Math.max(0, [...select.options].findIndex((one) => one.defaultSelected));
}

// What may be done, when that is no longer what the page offers; never under somebody's hands.
async function offer(state, anyway) {
  const shown = (part) => part.querySelector("[data-state]");
  const isOld = (part) => !isInUse(part) && (shown(part).dataset.state !== state || anyway);
  const old = parts.find(isOld);
  if (!old) return;
  const answer = await ask(old.dataset.part);
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const one of parts.filter(isOld).map(shown).reverse()) {
    const made = fresh.getElementById(one.id);
    if (sendsWhatIsThere(made)) one.replaceWith(made);
  }
}

// A button above sends a form further down, which is not there while what was there is in use.
function sendsWhatIsThere(made) {
  const isThere = (button) => document.getElementById(button.getAttribute("form"));
  return [...made.querySelectorAll("[form]")].every(isThere);
}

// Past the browser's cache, which would let one tab of a room wait until the other has its answer.
function ask(url) {
  const headers = { accept: "application/json" };
  return fetch(url, { headers, cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
}

// An alarm that comes above a button moves it from under the finger; not every browser prevents that.
function keepStill(change) {
  const isSeen = (part) => part.getBoundingClientRect().top >= 0;
  const held = parts.find(isSeen) ?? parts.at(-1) ?? place;
  const top = () => held.getBoundingClientRect().top;
  const was = top();
  change();
  if (scrollY > 0 && !CSS.supports("overflow-anchor", "auto")) scrollBy(0, top() - was);
}

// A problem is told once; while nothing can be changed, no button says that it could.
function say(status) {
  if (status === trouble) return;
  trouble = status;
  away.className = "problem";
  away.textContent = SAID[status] ?? "";
  if (away.textContent) told.append(away);
  else away.remove();
  for (const button of document.querySelectorAll("main button")) {
    button.disabled = status === 503 || status === 0;
  }
}

async function look() {
  clearTimeout(timer);
  try {
    const answer = await ask(place.dataset.live);
    if (answer.ok) {
      const said = await answer.json();
      const was = trouble;
      keepStill(() => {
        say(null);
        for (const [name, text] of Object.entries(said.figures)) show(name, text);
        if (said.alarms) showAlarms(said.alarms);
      });
      if (said.news) showNews(said.news);
      await offer(said.state, was === 401);
      rounds += 1;
      for (const [span, every] of Object.entries(CHARTS_EVERY)) {
        if (rounds % every === 0) drawAgain(span);
      }
    } else {
      keepStill(() => say(answer.status in SAID ? answer.status : 503));
    }
  } catch {
    keepStill(() => say(0));
  }
  timer = setTimeout(look, document.hidden ? HIDDEN_MS : EVERY_MS);
}

// On a slow network nothing seems to happen. A second touch would take the place of the first, which
// was obeyed, and be refused for it; so it is let through only where no answer came for long.
function sendOnce(event) {
  const form = event.target;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "yes";
  event.submitter?.setAttribute("aria-busy", "true");
  setTimeout(() => mayBeSent(form), SENT_MS);
}

function mayBeSent(form) {
  delete form.dataset.sent;
  for (const one of form.elements) one.removeAttribute("aria-busy");
}

async function lookAgain() {
  try {
    if ((await ask(again.dataset.again)).ok) return location.reload();
  } catch {
    // Not yet.
  }
  setTimeout(lookAgain, 2 * EVERY_MS);
}

document.addEventListener("submit", sendOnce);
// Back on a page that the browser has kept as it was left.
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(mayBeSent));
if (place) {
  timer = setTimeout(look, EVERY_MS);
  document.addEventListener("visibilitychange", () => document.hidden || look());
}
if (again) setTimeout(lookAgain, 2 * EVERY_MS);
