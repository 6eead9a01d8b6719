// Keeps a page's figures as they are now: asks once a second, and says when nobody answers.
"use strict";

const EVERY_MS = 1000;
const CHARTS_EVERY = 10;
const place = document.querySelector("[data-live]");
let rounds = 0;

function show(name, text) {
  for (const spot of document.querySelectorAll(`[data-figure="${CSS.escape(name)}"]`)) {
    if (spot.textContent !== text) spot.textContent = text;
  }
}

function showNews(news) {
  const list = document.querySelector("[data-news]");
  if (!list || !news.length) return;
  list.replaceChildren(...news.map(([atMs, code, text]) => {
    const item = document.createElement("li");
    const time = document.createElement("time");
    time.textContent = new Date(atMs).toISOString().slice(11, 19);
    item.append(time, ` ${code}${text ? `: ${text}` : ""}`);
    return item;
  }));
}

function drawAgain() {
  for (const chart of document.querySelectorAll('[data-chart="hour"] > *')) {
    const attribute = chart.localName === "img" ? "src" : "srcset";
    const url = new URL(chart.getAttribute(attribute), location.href);
    url.searchParams.set("round", rounds);
    chart.setAttribute(attribute, url);
  }
}

async function look() {
  try {
    const answer = await fetch(place.dataset.live, {
      headers: { accept: "application/json" },
      signal: AbortSignal.timeout(5000),
    });
    if (answer.status === 401) return location.reload();
    if (!answer.ok) throw new Error(answer.status);
    const said = await answer.json();
    if (said.figures) {
      for (const [name, text] of Object.entries(said.figures)) show(name, text);
      showNews(said.news);
    } else {
      for (const [room, figures] of Object.entries(said)) {
        for (const [name, text] of Object.entries(figures)) show(`${room} ${name}`, text);
      }
    }
    document.getElementById("away").hidden = true;
    rounds += 1;
    if (rounds % CHARTS_EVERY === 0) drawAgain();
  } catch {
    document.getElementById("away").hidden = false;
  }
  setTimeout(look, document.hidden ? 10 * EVERY_MS : EVERY_MS);
}

if (place) setTimeout(look, EVERY_MS);
