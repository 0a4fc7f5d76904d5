/* A report that is still growing: listens to the run, and asks things of it.
 *
 * Uses what the report's own script offers (`window.simulate`), and `window.simulateRun`, which the server
 * puts before this: {after, phase, paused, steers, groups}. Everything shown is set as text, never as markup, but for the
 * parts of the report, which come escaped from where they are made.
 */
(() => {
  "use strict";
  const run = window.simulateRun, api = window.simulate, bar = document.getElementById("live");
  const style = new CSSStyleSheet();
  style.replaceSync(`
    #live { position: sticky; top: 0; z-index: 9; background: var(--page, Canvas); border-bottom: 1px solid var(--line, #ccc);
      padding: .6rem 1rem; display: flex; flex-wrap: wrap; gap: .5rem 1.2rem; align-items: center; }
    #live[hidden] { display: none; }
    #live form { display: inline-flex; gap: .4rem; align-items: center; margin: 0; }
    #live input, #live select, #live button { font: inherit; }
    #live input[type=number] { width: 5.5em; } #live input[name=word] { width: 9em; }
    #live .state { font-weight: 600; } #live .state.gone { color: var(--red, #c00); }
    #live ol { flex-basis: 100%; margin: 0; padding: 0; list-style: none; max-height: 6.5em; overflow: auto; }
    #live ol:empty { display: none; } #live li.wrong { color: var(--red, #c00); font-weight: 600; }
    @media print { #live { display: none; } }`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, style];

  const make = (tag, text = "", more = {}) => Object.assign(document.createElement(tag), { textContent: text, ...more });
  const state = make("span", "connecting…", { className: "state" }), figures = make("span");
  state.setAttribute("role", "status");
  const log = make("ol");
  log.setAttribute("aria-label", "What happened");
  const marks = [];
  let phase = run.phase, saved = null, lastRow = -1, lastSeen = run.after, over = false;

  const two = (n) => String(n).padStart(2, "0");
  const clock = (s) => `${two(Math.floor(s / 60))}:${two(Math.floor(s) % 60)}`;

  function say(text, wrong = false) {
    log.prepend(make("li", text, { className: wrong ? "wrong" : "" }));
    while (log.children.length > 50) log.lastChild.remove();
  }

  // --- what is asked of the run

  async function order(what) {
    const answer = await fetch("/orders", {
      method: "POST", headers: { "content-type": "application/json", "x-simulate": "1" }, body: JSON.stringify(what),
    }).catch(() => null);
    if (!answer) return say("The run does not answer.", true);
    const told = await answer.json().catch(() => ({ problem: `refused (${answer.status})` }));
    if (told.problem) say(`Not done: ${told.problem}`, true);
  }

  const button = (text, act, more = {}) => make("button", text, { type: "button", onclick: act, ...more });
  let paused = run.paused;
  const pause = button(paused ? "Go on" : "Pause", () => order({ do: "pause", on: !paused }));

  function field(name, label, more) {
    const input = make("input", "", { name, ...more });
    input.setAttribute("aria-label", label);
    return input;
  }

  function controls() {
    const parts = [pause, button("Stop", () => order({ do: "stop" })), button("Stop now", () => order({ do: "stop", now: true }))];
    const names = Object.keys(run.groups);
    if (names.length) {
      const group = make("select", "", { hidden: names.length === 1 });
      group.setAttribute("aria-label", "group");
      group.append(...names.map((name) => make("option", name, { value: name })));
      const wanted = field("wanted", "wanted", { type: "number", min: 0, step: "any", required: true });
      const over = field("over", "within how many seconds", { type: "number", min: 0, max: 3600, value: 0 });
      const unit = make("span"), form = make("form");
      const pick = () => { const { unit: word, most } = run.groups[group.value]; unit.textContent = `${word} within`; wanted.max = most; };
      group.onchange = pick;
      pick();
      form.append(group, wanted, unit, over, make("span", "s"), make("button", "Set"));
      form.onsubmit = (event) => {
        event.preventDefault();
        order({ do: "load", wanted: Number(wanted.value), over_s: Number(over.value) || 0, group: group.value });
      };
      parts.push(form);
    }
    const word = field("word", "a word", { placeholder: "a word", required: true, maxLength: 80 }), form = make("form");
    form.append(word, make("button", "Mark"));
    form.onsubmit = (event) => { event.preventDefault(); order({ do: "mark", word: word.value }); word.value = ""; };
    return [...parts, form];
  }

  // --- keeping it

  function save() {
    const page = saved || api.freeze();
    const link = make("a", "", { href: URL.createObjectURL(new Blob([page], { type: "text/html" })), download: "run.html" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }
  const keep = button("Save", save, { hidden: true });

  const steering = make("span", "", { className: "steering" });
  if (run.steers) steering.append(...controls());
  bar.append(state, figures, steering, keep, log);
  bar.hidden = false;

  // --- what is told

  function shown(picture) {
    api.take(picture.charts);
    const known = picture.charts.marks || [];  // those that the picture has already
    for (const { at, text } of marks) if (!known.some((one) => Math.abs(one.at - at) < 0.01)) api.mark(at, text);
    api.show(picture.parts);
    const at = picture.charts.columns.at || [];
    lastRow = at.length ? at[at.length - 1] : -1;
  }

  const acts = {
    snapshot: shown,
    row(row) {
      const { passed, text, ...columns } = row;
      figures.textContent = text;
      if (phase) {
        const since = Math.max(0, passed - phase.at);
        state.textContent = `${phase.phase} ${clock(since)}` + (phase.seconds ? ` of ${clock(phase.seconds)}` : "");
      } else state.textContent = "live";
      if (columns.at > lastRow) { lastRow = columns.at; api.append(columns); }
    },
    phase(told) { phase = told; },
    verdict({ limit, held, text }) { say(`${held ? "holds again" : "broken"}: ${limit} ${text}`, !held); },
    violation(one) {
      say(`${one.kind.replaceAll("_", " ")} at ${one.workflow}.${one.step} (${one.user}): expected ${one.expected}; saw ${one.seen}`, true);
    },
    note({ text }) { say(text); },
    steered({ kind, text, at }) {
      if (kind === "pause" || kind === "resume") {
        paused = kind === "pause";
        pause.textContent = paused ? "Go on" : "Pause";
      }
      say(text);
      marks.push({ at, text });
      api.mark(at, text);
    },
    finished({ html, picture, ending }) {
      over = true;
      source.close();
      if (picture) shown(picture);
      saved = html || null;
      state.textContent = `finished: ${ending}`;
      steering.remove();
      log.remove();
      keep.hidden = false;
    },
  };

  // The server replays what came after `lastSeen`; the browser sends it by itself when it comes again.
  const source = new EventSource(`/events?after=${run.after}`);
  for (const [name, act] of Object.entries(acts)) {
    source.addEventListener(name, (event) => {
      const number = Number(event.lastEventId), again = number <= lastSeen && name !== "row" && name !== "snapshot";
      lastSeen = Math.max(lastSeen, number);
      if (!again) act(JSON.parse(event.data));
    });
  }
  source.onopen = () => { state.classList.remove("gone"); keep.hidden = true; };
  source.onerror = () => {
    if (over) return;
    state.classList.add("gone");
    state.textContent = source.readyState === EventSource.CLOSED ? "the run is gone" : "the run does not answer";
    keep.hidden = false;
  };
})();
