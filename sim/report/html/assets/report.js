/* The report's own script. It takes over the charts that stand in the page as SVG, and the tables.
 *
 * Everything it knows is in two scripts of JSON: `#result`, the result of the run without its rows and
 * sketches, and `#charts`:
 *
 *   { rowSeconds, columns: {at: […], key: […]}, heat: {…} | null, charts: [chart…], marks: [{at, name, colour}] }
 *   chart: { id, title, unit, axis, stacked, log, height, lines: [{key, name, colour, dash, fillTo, joins}],
 *            bounds: [{value, name}], marks: [{at, name, colour}], xs: […] | null, columns: {…} | null }
 *
 * A chart with `xs` has columns of its own; all others are over time and share `columns`.
 *
 * What a live page calls (`window.simulate`):
 *
 *   take(data)          the same as in `#charts`, instead of it: a snapshot, or after a gap
 *   append(row)         one more row: {at, key: value…}, as `sim.report.html.course.row_columns` makes it.
 *                       Charts are drawn again at most once in an animation frame. A key that no column
 *                       has yet is kept; its line comes with the next snapshot.
 *   show(parts)         {id: html}: the insides of `#verdict`, `#answers`, `#limits`, `#troubles`, `#facts`,
 *                       `#cards`, `#parts`, `#stories`, `#shape`, `#steps`,
 *                       `#setup`, `#course-charts`, `#own-charts` as `html_report.page_parts` makes them.
 *                       Open details stay open, charts are taken over again.
 *   mark(at, text)      a line across all charts over time: a phase, a change of the load, a word
 *   freeze()            the page with its present data as one text of HTML, to be saved
 *   onspan(callback)    told {from, to} when a span was chosen, null when it was given up
 *
 * The mount point for controls and status is `#live`, empty and hidden in a report.
 */
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const state = { data: null, plots: [], span: null, marks: [], watchers: [], drawing: false };
  const sync = uPlot.sync("time");

  // --- figures in words

  const clock = (s) => {
    const whole = Math.round(s), h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60;
    const two = (n) => String(n).padStart(2, "0");
    return h ? `${h}:${two(m)}:${two(whole % 60)}` : `${m}:${two(whole % 60)}`;
  };
  const round = (v, digits) => Number(v.toPrecision(digits)).toLocaleString("en", { maximumFractionDigits: 6 });
  const units = {
    s: (v) => (v >= 1 || v === 0 ? `${round(v, 3)} s` : `${round(v * 1000, 3)} ms`),
    share: (v) => `${round(v * 100, 3)} %`,
    MiB: (v) => `${round(v, 3)} MiB`,
    "/s": (v) => `${round(v, 4)}/s`,
  };
  const text = (v, unit) => (v == null ? "–" : (units[unit] || ((n) => round(n, 4)))(v));
  const nines = (v) => `p${+(100 * (1 - 10 ** -v)).toFixed(Math.max(0, Math.round(v) - 2))}`;
  const across = (v, axis) => (axis === "time" ? clock(v) : axis === "nines" ? nines(v) : text(v, axis));
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const faint = (name, share) => `color-mix(in srgb, ${colour(name)} ${share}%, transparent)`;

  // --- data of one chart

  const columnsOf = (chart) => chart.columns || state.data.columns;
  const xsOf = (chart) => chart.xs || state.data.columns.at;

  function rowsOf(chart) {
    const xs = xsOf(chart), columns = columnsOf(chart);
    const raw = chart.lines.map(({ key }) => columns[key] || xs.map(() => null));
    if (!chart.stacked) return [xs, ...raw];
    const height = xs.map(() => 0);
    return [xs, ...raw.map((values, place) => values.map((v, i) => {
      height[i] += v || 0;  // where there is nothing of a kind, it is not drawn
      return place === 0 || values[i - 1] || v || values[i + 1] ? height[i] : null;
    }))];
  }

  function bands(chart) {
    const place = new Map(chart.lines.map(({ key }, i) => [key, i + 1]));
    return chart.lines.flatMap((line, i) =>
      place.has(line.fillTo) ? [{ series: [i + 1, place.get(line.fillTo)], fill: () => faint(line.colour, 20) }] : []);
  }

  const seriesOf = (line) => ({
    label: line.name,
    stroke: () => colour(line.colour),
    width: 1.6,
    dash: line.dash ? line.dash.split(" ").map(Number) : undefined,
    fill: line.fillTo === "0" ? () => faint(line.colour, 18) : undefined,
    points: { show: false },
    spanGaps: line.joins,
  });

  // --- drawing

  function across_lines(u, chart) {
    const { ctx, bbox } = u, ratio = devicePixelRatio;
    ctx.save();
    ctx.font = `${12 * ratio}px system-ui, sans-serif`;
    ctx.textAlign = "left"; ctx.textBaseline = "alphabetic";
    ctx.setLineDash([]);
    const limits = [];
    const named = (words, x, y) => {  // with a rim, so that it can be read on lines
      const ink = ctx.strokeStyle;
      ctx.strokeStyle = colour("page"); ctx.lineWidth = 3 * ratio; ctx.lineJoin = "round";
      ctx.strokeText(words, x, y); ctx.fillText(words, x, y);
      ctx.strokeStyle = ink; ctx.lineWidth = 1;
    };
    for (const { value, name } of chart.bounds) {
      const y = u.valToPos(value, "y", true);
      if (y < bbox.top || y > bbox.top + bbox.height) continue;
      ctx.strokeStyle = ctx.fillStyle = colour("red");
      ctx.beginPath(); ctx.moveTo(bbox.left, y); ctx.lineTo(bbox.left + bbox.width, y); ctx.stroke();
      const wide = ctx.measureText(name).width, right = bbox.left + bbox.width;
      let end = right;
      for (const [at, from] of limits) if (Math.abs(at - y) < 14 * ratio) end = Math.min(end, from - 14 * ratio);
      limits.push([y, end - wide]);
      named(name, end - wide, y - 7 * ratio);
    }
    const isTime = chart.axis === "time", rows = [];
    const marks = isTime ? [...state.data.marks, ...state.marks] : chart.marks || [];
    for (const mark of marks) {
      const x = u.valToPos(mark.at, "x", true), isLeft = x > bbox.left + bbox.width / 2;
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.strokeStyle = ctx.fillStyle = colour(mark.colour);
      ctx.setLineDash([3 * ratio, 3 * ratio]);
      ctx.beginPath(); ctx.moveTo(x, bbox.top); ctx.lineTo(x, bbox.top + bbox.height); ctx.stroke();
      ctx.setLineDash([]);
      if (isTime && chart.id !== "latency") continue;
      // Above each other where they would overlap; those that find no room are left out.
      const wide = ctx.measureText(mark.name).width, from = isLeft ? x - 4 * ratio - wide : x + 4 * ratio;
      let row = rows.findIndex((there) => there.every(([b, e]) => from + wide <= b || from >= e));
      if (row < 0) row = rows.push([]) - 1;
      rows[row].push([from, from + wide]);
      if (row < Math.floor(chart.height / 14)) named(mark.name, from, bbox.top + bbox.height - (6 + 14 * row) * ratio);
    }
    ctx.restore();
  }

  function heat(u) {
    const { heat } = state.data;
    if (!heat) return;
    const most = heat.cells.flat().reduce((a, b) => Math.max(a, b), 1), { ctx } = u;
    const step = (heat.to - heat.from) / heat.cells.length;
    ctx.save();
    ctx.beginPath(); ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height); ctx.clip();
    ctx.fillStyle = colour("blue");
    heat.cells.forEach((column, i) => {
      const x = u.valToPos(heat.from + i * step, "x", true), x2 = u.valToPos(heat.from + (i + 1) * step, "x", true);
      column.forEach((count, j) => {
        if (!count) return;
        const top = u.valToPos(heat.edges[Math.min(heat.first + j, heat.edges.length - 1)], "y", true);
        const under = u.valToPos(heat.edges[Math.max(heat.first + j - 1, 0)], "y", true);
        ctx.globalAlpha = Math.sqrt(count / most) * 0.92 + 0.08;
        ctx.fillRect(x, top, x2 - x + 0.5, under - top + 0.5);
      });
    });
    ctx.restore();
  }

  // 1, 2 and 5 of each power of ten, or the powers alone where these are enough.
  function roundMarks(low, high) {
    const marks = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
      for (const part of [1, 2, 5]) marks.push(Number(`${part}e${power}`));
    }
    const inside = marks.filter((v) => v >= low && v <= high);
    const powers = inside.filter((v) => v.toExponential().startsWith("1e"));
    return inside.length > 5 && powers.length > 1 ? powers : inside;
  }

  // A limit is shown unless it is so far above that nothing else were to be seen.
  const near = (chart, max) => Math.max(max, chart.ceiling, ...chart.bounds.map((b) => b.value).filter((v) => v < 3 * max));

  // A lane for each line, with a mark where it is not 0.
  function strips(u, chart) {
    const { ctx, bbox } = u, ratio = devicePixelRatio, columns = columnsOf(chart), xs = xsOf(chart);
    const lane = bbox.height / chart.lines.length;
    ctx.save();
    ctx.beginPath(); ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height); ctx.clip();
    chart.lines.forEach((line, number) => {
      const middle = bbox.top + lane * (number + 0.5), values = columns[line.key] || [];
      ctx.strokeStyle = colour("line"); ctx.lineWidth = ratio;
      ctx.beginPath(); ctx.moveTo(bbox.left, middle); ctx.lineTo(bbox.left + bbox.width, middle); ctx.stroke();
      if (!u.series[number + 1].show) return;
      ctx.strokeStyle = colour(line.colour); ctx.lineWidth = (line.colour === "red" ? 3 : 1.2) * ratio;
      const ticks = new Map();  // one each few pixels, of the highest there: more would be a bar
      values.forEach((value, i) => {
        const x = Math.round(u.valToPos(xs[i], "x", true) / (5 * ratio)) * 5 * ratio;
        if (value) ticks.set(x, Math.max(value, ticks.get(x) || 0));
      });
      const most = Math.max(5, ...ticks.values());
      ctx.beginPath();
      for (const [x, value] of ticks) {
        const size = (3 + 6 * value / most) * ratio;
        ctx.moveTo(x, middle - size); ctx.lineTo(x, middle + size);
      }
      ctx.stroke();
    });
    ctx.restore();
  }

  const TIMES = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 43200, 86400];
  const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000];
  const NINES = [0.30103, 1, 1.30103, 2, 3, 4];  // p50, p90, p95, p99, p99.9, p99.99

  // The cursor is one for all; a span that is being chosen is told to the others once it has been.
  const isMove = (type) => type === "mousemove" || type === "mouseleave";

  function optionsOf(chart, width) {
    const axis = { stroke: () => colour("quiet"), font: "12px system-ui, sans-serif", ticks: { show: false } };
    const grid = { stroke: () => colour("line"), width: 1 };
    const edges = chart.heat && state.data.heat ? state.data.heat : null;
    const low = edges && edges.edges[Math.max(0, edges.first - 1)];
    const high = edges && edges.edges[Math.min(edges.edges.length - 1, edges.first + edges.cells[0].length - 1)];
    return {
      width, height: chart.height + 34,
      padding: [10, 26, 0, 0],
      legend: { show: false },
      cursor: { sync: chart.axis === "time" ? { key: sync.key, setSeries: false, filters: { pub: isMove } } : undefined,
        y: false, drag: { x: true, y: false, setScale: false }, points: { size: 7 },
        bind: { dblclick: (u) => () => { span(chart, null, null, u); return null; } } },
      scales: {
        x: { time: false, range: chart.axis === "time" || chart.axis === "nines" ? undefined : (u, min, max) => [0, max] },
        y: chart.strip ? { range: () => [0, 1] } : edges ? { distr: 3, range: () => [low, high] } : chart.log
          ? { distr: 3, range: (u, min, max) => [Math.max(1e-4, Math.min(min, max / 10) * 0.8), near(chart, max) * 1.15] }
          : { range: (u, min, max) => [0, near(chart, max) * 1.08 || 1] },
      },
      axes: [
        { ...axis, size: 26, gap: 7, grid: { show: false }, values: (u, marks) => marks.map((v) => across(v, chart.axis)),
          incrs: chart.axis === "time" ? TIMES : chart.axis === "users" ? WHOLE : undefined,
          splits: chart.axis === "nines" ? (u, n, low, high) => NINES.filter((v) => v >= low && v <= high) : undefined },
        { ...axis, size: 62, grid: chart.strip ? { show: false } : grid, space: 26,
          values: (u, marks) => marks.map((v) => (v == null || chart.strip ? "" : text(v, chart.unit))),
          splits: chart.log ? (u, n, low, high) => roundMarks(low, high) : undefined,
          filter: (u, marks) => marks },
      ],
      series: [{}, ...(chart.heat ? [{ show: true, stroke: "transparent", points: { show: false } }] : chart.lines.map(seriesOf))],
      bands: bands(chart),
      hooks: {
        drawClear: chart.heat ? [heat] : chart.strip ? [(u) => strips(u, chart)] : [],
        draw: [(u) => across_lines(u, chart)],
        setCursor: [(u) => tell(u, chart)],
        setSelect: [(u) => choose(u, chart)],
      },
    };
  }

  function valuesOf(chart) {
    const rows = rowsOf(chart);
    if (chart.strip) return rows.map((values, place) => (place ? values.map(() => null) : values));
    return chart.heat ? [rows[0], rows[0].map(() => 1)] : rows;
  }

  function takeOver(chart) {
    const figure = document.querySelector(`[data-chart="${chart.id}"]`);
    if (!figure) return;
    const plot = figure.querySelector(".plot"), drawn = plot.querySelector("svg");
    const u = new uPlot(optionsOf(chart, plot.clientWidth || 800), valuesOf(chart), plot);
    if (drawn) drawn.style.display = "none";
    plot.tabIndex = 0;
    plot.setAttribute("role", "application");
    plot.setAttribute("aria-label", `${chart.title}: arrows move the cursor, plus and minus zoom, Escape shows all`);
    plot.onkeydown = (event) => steer(event, u, chart);
    keysOf(figure, u, chart);
    state.plots.push({ u, chart, figure, plot });
  }

  function keysOf(figure, u, chart) {
    for (const item of figure.querySelectorAll(".keys li")) {
      const place = chart.lines.findIndex(({ key }) => key === item.dataset.key) + 1;
      if (!place || item.querySelector("button")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-pressed", "true");
      button.append(...item.childNodes);
      item.append(button);
      button.onclick = () => {
        const shows = !u.series[place].show;
        u.setSeries(place, { show: shows });
        button.setAttribute("aria-pressed", String(shows));
      };
    }
  }

  // --- the cursor, by mouse and by keys

  function tell(u, chart) {
    const at = u.cursor.idx, columns = columnsOf(chart);
    const found = state.plots.find((each) => each.u === u);
    if (!found) return;
    for (const item of found.figure.querySelectorAll(".keys li")) {
      const values = columns[item.dataset.key];
      item.querySelector("output").textContent = at == null || !values ? "" : text(values[at], chart.unit);
    }
  }

  function say(u, chart) {
    const at = u.cursor.idx;
    if (at == null) return;
    const columns = columnsOf(chart);
    const parts = chart.lines.map(({ key, name }) => `${name} ${text((columns[key] || [])[at], chart.unit)}`);
    $("said").textContent = `${across(u.data[0][at], chart.axis)}: ${parts.join(", ")}`;
  }

  function steer(event, u, chart) {
    const xs = u.data[0], { min, max } = u.scales.x;
    const now = u.cursor.idx ?? Math.max(0, xs.findIndex((x) => x >= min)), step = event.shiftKey ? 10 : 1;
    const move = (by) => {
      const place = Math.min(xs.length - 1, Math.max(0, now + by));
      u.setCursor({ left: u.valToPos(xs[place], "x"), top: 10 }, true, true);
      say(u, chart);
    };
    const zoom = (by) => {
      const middle = xs[now] ?? (min + max) / 2, half = ((max - min) / 2) * by;
      span(chart, Math.max(xs[0], middle - half), Math.min(xs[xs.length - 1], middle + half), u);
    };
    const acts = {
      ArrowLeft: () => move(-step), ArrowRight: () => move(step), Home: () => move(-1e9), End: () => move(1e9),
      "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), Escape: () => span(chart, null, null, u),
    };
    if (!acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  }

  // --- a span that was chosen

  function choose(u, chart) {
    if (u.select.width < 3) return;
    const from = u.posToVal(u.select.left, "x"), to = u.posToVal(u.select.left + u.select.width, "x");
    u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    span(chart, from, to, u);
  }

  function span(chart, from, to, u) {
    const xs = u.data[0], all = from == null || (from <= xs[0] && to >= xs[xs.length - 1]);
    const limits = all ? { min: xs[0], max: xs[xs.length - 1] } : { min: from, max: to };
    if (chart.axis !== "time") return u.setScale("x", limits);
    state.span = all ? null : { from, to };
    for (const each of state.plots) if (each.chart.axis === "time") each.u.setScale("x", limits);
    tellSpan();
    for (const watcher of state.watchers) watcher(state.span);
  }

  function tellSpan() {
    const place = $("brush"), { columns, rowSeconds } = state.data;
    place.textContent = "";
    for (const card of document.querySelectorAll("[data-at]")) {
      card.hidden = state.span !== null && !(card.dataset.at >= state.span.from && card.dataset.at <= state.span.to);
    }
    if (!state.span) return;
    const inside = columns.at.map((at, i) => i).filter((i) =>
      columns.at[i] + rowSeconds > state.span.from && columns.at[i] <= state.span.to);
    const sum = (key) => inside.reduce((n, i) => n + ((columns[key] || [])[i] || 0), 0) * rowSeconds;
    const worst = (key) => Math.max(0, ...inside.map((i) => (columns[key] || [])[i] || 0));
    const kinds = Object.keys(columns).filter((key) => key.startsWith("errors:")).map((key) => [key.slice(7), sum(key)])
      .filter(([, n]) => n > 0).map(([name, n]) => `${Math.round(n)} × ${name}`);
    place.append(`${clock(state.span.from)} to ${clock(state.span.to)}: ${round(sum("ok"), 6)} answered well, `
      + `${kinds.length ? kinds.join(", ") : "no error"}, p95 up to ${text(worst("service.p95"), "s")}, `
      + `at most ${round(worst("there"), 6)} users. Tables and stories below are of the whole run. `);
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Show all";
    const time = state.plots.find((each) => each.chart.axis === "time");
    button.onclick = () => span(time.chart, null, null, time.u);
    place.append(button);
  }

  // --- tables

  // Down, up, and as it stood: a story's steps have an order of their own, and stay with their workflow.
  function sortable(table) {
    const body = table.tBodies[0], stood = [...body.rows];
    const value = (row, place) => row.cells[place].textContent.trim();
    const number = (text) => parseFloat(text.replaceAll(",", ""));
    const order = (place) => (a, b) => {
      const [one, other] = [value(a, place), value(b, place)], [n, m] = [number(one), number(other)];
      return place && !(isNaN(n) && isNaN(m)) ? (isNaN(n) ? -1e300 : n) - (isNaN(m) ? -1e300 : m)
        : one.localeCompare(other, "en", { numeric: true });
    };
    const sort = (place, up) => {
      const groups = [];
      for (const row of stood) {
        if (row.classList.contains("part")) groups[groups.length - 1].push(row);
        else groups.push([row]);
      }
      const by = (a, b) => (up ? 1 : -1) * order(place)(a, b);
      for (const group of groups) group.splice(1, group.length, ...group.slice(1).sort(by));
      body.append(...groups.sort((a, b) => by(a[0], b[0])).flat());
    };
    table.querySelectorAll("thead th").forEach((head, place) => {
      if (head.querySelector("button") || head.classList.contains("bar")) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.onclick = () => {
        const next = { descending: "ascending", ascending: "" }[head.getAttribute("aria-sort")] ?? "descending";
        for (const each of table.querySelectorAll("thead th")) each.removeAttribute("aria-sort");
        if (next) head.setAttribute("aria-sort", next);
        if (next) sort(place, next === "ascending");
        else body.append(...stood);
      };
    });
  }

  // --- what a live page calls

  function build() {
    for (const { u, plot } of state.plots) {
      u.destroy();
      const drawn = plot.querySelector("svg");
      if (drawn) drawn.style.display = "";
    }
    state.plots = [];
    for (const chart of state.data.charts) takeOver(chart);
    document.querySelectorAll("table.sortable").forEach(sortable);
  }

  function draw() {
    if (state.drawing) return;
    state.drawing = true;
    requestAnimationFrame(() => {
      state.drawing = false;
      for (const { u, chart } of state.plots) if (!chart.xs) u.setData(valuesOf(chart), !state.span);
    });
  }

  const api = {
    take(data) {
      state.data = data;
      state.marks = [];
      data.columns.at = data.columns.at || [];  // nothing has happened yet
      build();
    },
    append(row) {
      const { columns } = state.data, length = columns.at.length;
      for (const key of new Set([...Object.keys(columns), ...Object.keys(row)])) {
        columns[key] = columns[key] || new Array(length).fill(null);
        columns[key].push(row[key] ?? null);
      }
      draw();
    },
    show(parts) {
      for (const [id, html] of Object.entries(parts)) {
        const place = $(id);
        if (!place) continue;
        const open = [...place.querySelectorAll("details")].map((each) => each.open);
        state.plots = state.plots.filter((each) => !(place.contains(each.plot) && (each.u.destroy(), true)));
        place.innerHTML = html;
        place.querySelectorAll("details").forEach((each, i) => { each.open = Boolean(open[i]); });
        for (const chart of state.data.charts) if (place.querySelector(`[data-chart="${chart.id}"]`)) takeOver(chart);
        place.querySelectorAll("table.sortable").forEach(sortable);
      }
    },
    mark(at, word) { state.marks.push({ at, name: word, colour: "grey" }); draw(); },
    onspan(callback) { state.watchers.push(callback); },
    freeze() {
      const copy = document.documentElement.cloneNode(true);
      copy.querySelector("#charts").textContent = JSON.stringify({ ...state.data, marks: [...state.data.marks, ...state.marks] }).replaceAll("<", "\\u003c");
      for (const each of copy.querySelectorAll(".uplot")) each.remove();
      for (const each of copy.querySelectorAll(".plot > svg")) each.removeAttribute("style");
      for (const each of copy.querySelectorAll("li > button, th > button")) each.replaceWith(...each.childNodes);
      copy.querySelector("#live").replaceChildren();
      return `<!DOCTYPE html>\n${copy.outerHTML}\n`;
    },
  };
  window.simulate = api;
  api.take(JSON.parse($("charts").textContent));
  addEventListener("resize", () => {
    for (const { u, plot, chart } of state.plots) u.setSize({ width: plot.clientWidth, height: chart.height + 34 });
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const { u } of state.plots) u.redraw();
  });
})();
