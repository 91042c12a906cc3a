// What the pages of alignctl ui do when a browser has JavaScript: pages of runs
// at work are kept fresh, and the console completes what is typed. Nothing here
// is needed to see or to ask.
"use strict";

// ---- Pages that change.

const pollEvery = 2000;

// refresh asks for the page again, by its tag: the server answers only when the
// lake has moved.
async function refresh() {
  const main = document.getElementById("main");
  const note = document.getElementById("live");
  if (!main.dataset.live) return;
  try {
    const answer = await fetch(location.href, { headers: { "If-None-Match": main.dataset.live }, cache: "no-store" });
    if (answer.ok || answer.status === 503) replace(main, await answer.text(), answer.ok);
    if (note) note.textContent = answer.status === 503 ? "the lake is gone" : "live";
  } catch {
    if (note) note.textContent = "alignctl ui doesn’t answer";
  }
  setTimeout(refresh, pollEvery);
}

// replace puts a newer page's content in the place of this one's. What was open
// or chosen stays so, and nobody is interrupted who is typing. A page that only
// says why there is none is asked for again.
function replace(main, text, whole) {
  if (main.contains(document.activeElement) && document.activeElement.matches("input[type=search]")) return;
  const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("main");
  const open = [...main.querySelectorAll("details")].map((d) => d.open);
  fresh.querySelectorAll("details").forEach((d, i) => { d.open = open[i] || false; });
  const chosen = [...main.querySelectorAll("input:checked")].map((i) => i.value);
  fresh.querySelectorAll("input[type=checkbox]").forEach((i) => { i.checked = chosen.includes(i.value); });
  const scrolled = window.scrollY;
  main.replaceChildren(...fresh.childNodes);
  main.dataset.live = fresh.dataset.live || (whole ? "" : "none");
  window.scrollTo(0, scrolled);
}

// ---- The console.

class Completion {
  constructor(area) {
    this.area = area;
    this.words = { keywords: [], tables: [] };
    this.found = [];
    this.at = 0;
    this.list = document.createElement("ul");
    Object.assign(this.list, { className: "words", id: "words", hidden: true });
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "Completions");
    this.ghost = document.createElement("div");
    this.ghost.className = "ghost";
    this.ghost.setAttribute("aria-hidden", "true");
    area.after(this.ghost, this.list);
    area.setAttribute("aria-controls", "words");
    area.setAttribute("aria-autocomplete", "list");
    area.addEventListener("input", () => this.suggest(false));
    area.addEventListener("keydown", (e) => this.key(e));
    area.addEventListener("blur", () => this.close());
    this.load();
  }

  async load() {
    const answer = await fetch("/sql/words");
    if (answer.ok) this.words = await answer.json();
  }

  // begun is the word before the cursor.
  begun() {
    return this.area.value.slice(0, this.area.selectionStart).match(/[\p{L}\p{N}_.]*$/u)[0];
  }

  // candidates are the columns of the tables that the query names, keywords,
  // tables, then other columns.
  candidates() {
    const text = this.area.value;
    const named = this.words.tables.filter((t) => text.includes(t.name));
    const columns = (tables) => tables.flatMap((t) => t.columns.map((c) => [c, t.name]));
    return [
      ...columns(named),
      ...this.words.keywords.map((k) => [k, ""]),
      ...this.words.tables.map((t) => [t.name, "table"]),
      ...columns(this.words.tables.filter((t) => !named.includes(t))),
    ];
  }

  suggest(asked) {
    const begun = this.begun().toLowerCase();
    if (!asked && begun.length < 2) return this.close();
    const seen = new Set();
    const fits = (word) => word.toLowerCase().startsWith(begun) || word.toLowerCase().split(".")[1]?.startsWith(begun);
    this.found = this.candidates().filter(([word]) => {
      if (!fits(word) || word.toLowerCase() === begun || seen.has(word)) return false;
      return seen.add(word);
    }).slice(0, 40);
    this.at = 0;
    this.found.length ? this.open() : this.close();
  }

  open() {
    this.list.replaceChildren(...this.found.map(([word, kind], i) => {
      const line = document.createElement("li");
      line.id = "word-" + i;
      line.setAttribute("role", "option");
      const about = document.createElement("span");
      about.textContent = kind;
      line.append(word, about);
      line.addEventListener("mousedown", (e) => { e.preventDefault(); this.at = i; this.take(); });
      return line;
    }));
    this.place();
    this.list.hidden = false;
    this.mark();
  }

  // place puts the list under the word that is typed: a copy of the text says
  // where that is.
  place() {
    const upTo = this.area.selectionStart - this.begun().length;
    const end = document.createElement("span");
    end.textContent = "\u200b";
    this.ghost.replaceChildren(this.area.value.slice(0, upTo), end);
    const room = this.area.clientWidth - 220;
    this.list.style.left = Math.max(0, Math.min(end.offsetLeft - 8, room)) + "px";
    this.list.style.top = end.offsetTop + end.offsetHeight + 4 - this.area.scrollTop + "px";
  }

  mark() {
    [...this.list.children].forEach((line, i) => line.setAttribute("aria-selected", i === this.at));
    this.area.setAttribute("aria-activedescendant", "word-" + this.at);
    this.list.children[this.at].scrollIntoView({ block: "nearest" });
  }

  close() {
    this.list.hidden = true;
    this.area.removeAttribute("aria-activedescendant");
  }

  take() {
    const begun = this.begun();
    const end = this.area.selectionStart;
    this.area.setSelectionRange(end - begun.length, end);
    // Unlike setRangeText, this can be undone.
    if (!document.execCommand("insertText", false, this.found[this.at][0])) {
      this.area.setRangeText(this.found[this.at][0], end - begun.length, end, "end");
    }
    this.close();
  }

  key(e) {
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) return this.area.form.requestSubmit();
    if (e.key === " " && e.ctrlKey) { e.preventDefault(); return this.suggest(true); }
    if (this.list.hidden) return;
    const move = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (move) {
      this.at = (this.at + move + this.found.length) % this.found.length;
      this.mark();
    } else if (e.key === "Tab" || e.key === "Enter") {
      this.take();
    } else if (e.key === "Escape") {
      this.close();
    } else {
      return;
    }
    e.preventDefault();
  }
}

// showFault puts the cursor where the query is wrong.
function showFault(area) {
  const at = Number(area.dataset.fault);
  const rest = area.value.slice(at).match(/^[\p{L}\p{N}_.]+|^./u);
  area.focus();
  area.setSelectionRange(at, at + (rest ? rest[0].length : 0));
}

// ask shows for how long a query has run.
function ask(form) {
  const button = form.querySelector("button");
  const started = Date.now();
  const tick = setInterval(() => {
    const seconds = Math.round((Date.now() - started) / 1000);
    if (seconds > 0) button.textContent = `Running, ${seconds} s`;
  }, 250);
  window.addEventListener("pageshow", () => { clearInterval(tick); button.textContent = "Run"; }, { once: true });
}

const area = document.getElementById("q");
if (area) {
  new Completion(area);
  if ("fault" in area.dataset) showFault(area);
  else if (!area.value) area.focus();
  area.form.addEventListener("submit", () => ask(area.form));
}
if (document.getElementById("main").dataset.live) setTimeout(refresh, pollEvery);
