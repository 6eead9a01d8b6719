// Keeps a page's figures as they are now: asks once a second, and says when nobody answers.
"use strict";

const EVERY_MS = 1000;
const HIDDEN_MS = 10000;
const PATIENCE_MS = 5000;
// Rounds between two drawings: of a whole sale a minute is hardly a pixel.
const CHARTS_EVERY = { hour: 10, sale: 60 };
const place = document.querySelector("[data-live]");
const part = document.querySelector("[data-part]");
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

function isInUse() {
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
  const shown = part?.querySelector("[data-state]");
  if (!shown || isInUse() || (shown.dataset.state === state && !anyway)) return;
  const answer = await ask(part.dataset.part);
  if (!answer.ok || isInUse()) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  shown.replaceWith(fresh.querySelector("[data-state]"));
}

function ask(url) {
  return fetch(url, { headers: { accept: "application/json" }, signal: AbortSignal.timeout(PATIENCE_MS) });
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
      say(null);
      for (const [name, text] of Object.entries(said.figures)) show(name, text);
      if (said.news) showNews(said.news);
      if (said.alarms) showAlarms(said.alarms);
      await offer(said.state, was === 401);
      rounds += 1;
      for (const [span, every] of Object.entries(CHARTS_EVERY)) {
        if (rounds % every === 0) drawAgain(span);
      }
    } else {
      say(answer.status in SAID ? answer.status : 503);
    }
  } catch {
    say(0);
  }
  timer = setTimeout(look, document.hidden ? HIDDEN_MS : EVERY_MS);
}

async function lookAgain() {
  try {
    if ((await ask(again.dataset.again)).ok) return location.reload();
  } catch {
    // Not yet.
  }
  setTimeout(lookAgain, 2 * EVERY_MS);
}

if (place) {
  timer = setTimeout(look, EVERY_MS);
  document.addEventListener("visibilitychange", () => document.hidden || look());
}
if (again) setTimeout(lookAgain, 2 * EVERY_MS);
