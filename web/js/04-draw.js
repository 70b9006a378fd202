// The gauge, the curve, the bars: SVG of our own.

const CALM = 70;
const WARM = 90;
let ids = 0;

// calm, warm, alarm or over; inject while power goes out.
function mood(va, subscribed) {
  if (va < 0) return "inject";
  if (!subscribed) return "calm";
  const share = va * 100 / subscribed;
  return share < CALM ? "calm" : share < WARM ? "warm" : share <= 100 ? "alarm" : "over";
}

function polar(share, radius) {
  const angle = (160 + share * 220) * Math.PI / 180;
  return `${(150 + radius * Math.cos(angle)).toFixed(2)} ${(146 + radius * Math.sin(angle)).toFixed(2)}`;
}

// The power as an arc up to what is subscribed; injecting it fills from the other end.
function gauge() {
  const arc = {d: `M${polar(0, 126)}A126 126 0 1 1 ${polar(1, 126)}`, pathLength: 1000};
  const back = {d: `M${polar(1, 126)}A126 126 0 1 0 ${polar(0, 126)}`, pathLength: 1000};
  const drawn = s("path.arc", arc);
  const sent = s("path.arc.back", back);
  const low = s("text", {x: 34, y: 214, "text-anchor": "middle"});
  const high = s("text", {x: 266, y: 214, "text-anchor": "middle"});
  const mark = (share) => s("path.mark", {d: `M${polar(share, 139)}L${polar(share, 145)}`});
  const dial = s("svg.dial", {viewBox: "0 0 300 220", "aria-hidden": "true"},
    s("path.track", arc), drawn, sent, mark(CALM / 100), mark(WARM / 100), low, high);
  const figure = h("span.big", "–");
  const unit = h("span.unit");
  const word = h("p.word", {role: "status"});
  const second = h("p.second");
  const node = h("div.gauge.unknown", {role: "group", "aria-label": t("power")}, dial,
    h("div.figure", h("p.value", figure, h("span.hidden", " "), unit), word, second));
  let state = "unknown";

  function set(part, share) {
    part.setAttribute("stroke-dasharray", `${(Math.min(1, share) * 1000).toFixed(1)} 2000`);
    part.classList.toggle("none", share < 0.002);
  }

  return {
    node,
    // now: {va, w, subscribed, unit}; undefined is not known
    show({value, unit: name, beside, subscribed, stale}) {
      const known = value !== undefined && value !== null;
      const next = known ? mood(value, subscribed) : "unknown";
      figure.textContent = known ? num(Math.abs(value)) : "–";
      unit.textContent = known ? name : "";
      second.textContent = beside || "";
      node.classList.toggle("stale", Boolean(stale));
      dial.classList.toggle("bare", !subscribed);
      if (subscribed) {
        const share = known ? Math.abs(value) / subscribed : 0;
        set(drawn, next === "inject" ? 0 : share);
        set(sent, next === "inject" ? share : 0);
        const top = `${kilo(subscribed)}\u00a0k${name || "VA"}`;
        low.textContent = next === "inject" ? top : "0";
        high.textContent = next === "inject" ? "0" : top;
      }
      if (next !== state) node.classList.replace(state, next);
      state = next;
      // Told to a screen reader, so it changes with the state and not with each frame.
      const said = subscribed || next === "inject" || !known ? t(`mood.${next}`) : "";
      if (word.textContent !== said) word.textContent = said;
    },
  };
}

// A round number at or above a value.
function ceiling(value) {
  const size = 10 ** Math.floor(Math.log10(Math.max(value, 100)));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((n) => n * size).find((n) => n >= value);
}

// The times to write beneath, about five of them.
function moments(from, to, width) {
  const steps = [300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600];
  const room = Math.max(2, Math.floor(width / 76));
  const step = steps.find((n) => (to - from) / n <= room) || 43200;
  const ticks = [];
  const first = local(from);
  // From the local midnight on, so that 06:00 is 06:00 in summer too.
  const start = instant(first.year, first.month, first.day);
  for (let at = start; at <= to; at += step) if (at >= from) ticks.push(at);
  return ticks;
}

// Power over time. options: label, unit, height; show({points, from, to, step, limit}).
// Points are [unix s, VA], negative where it injects. The value under the finger, or under the
// arrow keys, is written above; what is written there otherwise is the maximum.
function curve(options) {
  const id = `c${++ids}`;
  const line = h("p.readout", {"aria-live": "off"});
  const svg = s("svg.curve", {tabindex: 0, role: "img", "aria-label": options.label});
  const node = h("div.plot", line, svg);
  let given = {points: [], from: 0, to: 1, step: 60};
  let picked = null;
  const unit = options.unit || "VA";

  const words = (value) => value < 0 ? `${num(-value)} ${unit} ${t("injected")}` : `${num(value)} ${unit}`;

  function draw() {
    const width = svg.clientWidth || node.clientWidth;
    if (!width) return;
    const {points, from, to, step, limit} = given;
    const height = options.height || (width < 560 ? 200 : 272);
    const foot = height - 20;
    const values = points.map(([, va]) => va);
    const peak = Math.max(0, ...values);
    const least = Math.min(0, ...values);
    const near = limit && peak >= limit * 0.5;
    const top = near ? Math.max(limit, ceiling(peak)) * 1.04 : ceiling(Math.max(peak * 1.06, 200));
    const bottom = least < 0 ? -ceiling(-least * 1.05) : 0;
    const x = (at) => (at - from) / (to - from) * width;
    const y = (va) => 22 + (top - va) / (top - bottom) * (foot - 22);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("height", height);

    const grid = [];
    const rule = (va, text, kind = "rule") => grid.push(
      s(`path.${kind}`, {d: `M0 ${y(va).toFixed(1)}H${width}`}),
      s(`text.${kind}-word`, {x: 0, y: (y(va) - 5).toFixed(1)}, text));
    const scale = ceiling(near ? limit : top) / 2;
    for (let va = scale; va < top * (near ? 0.96 : 1.01); va += scale) {
      if (!limit || Math.abs(va - limit) > top / 10) rule(va, `${kiloOr(va)} ${unit}`);
    }
    if (bottom < 0) rule(bottom / 2, `${kiloOr(-bottom / 2)} ${unit}`);
    grid.push(s("path.zero", {d: `M0 ${y(0).toFixed(1)}H${width}`}));
    if (near) rule(limit, t("subscribed.line", {power: `${kilo(limit)}\u00a0k${unit}`}), "limit");
    for (const at of moments(from, to, width)) {
      const place = x(at);
      if (place > 16 && place < width - 16) {
        grid.push(s("text.time", {x: place.toFixed(1), y: height - 4, "text-anchor": "middle"},
          clock(at)));
      }
    }

    // A hole in the readings is a hole in the line.
    const runs = [];
    let before = -Infinity;
    for (const point of points) {
      if (point[0] < from || point[0] > to) continue;
      if (point[0] - before > step * 2.5) runs.push([]);
      runs[runs.length - 1].push(point);
      before = point[0];
    }
    const shapes = [];
    for (const run of runs) {
      const path = run.map(([at, va]) => `${x(at).toFixed(1)} ${y(va).toFixed(1)}`).join("L");
      const ends = [run[0][0], run[run.length - 1][0]].map((at) => x(at).toFixed(1));
      const area = `M${ends[0]} ${y(0).toFixed(1)}L${path}L${ends[1]} ${y(0).toFixed(1)}Z`;
      for (const side of bottom < 0 ? ["up", "down"] : ["up"]) {
        const clip = `url(#${id}${side})`;
        shapes.push(s(`path.area.${side}`, {d: area, "clip-path": clip}),
          s(`path.line.${side}`, {d: `M${path}`, "clip-path": clip}));
      }
    }
    const best = points.reduce((most, p) => !most || p[1] > most[1] ? p : most, null);
    const last = points[points.length - 1];
    const dot = (kind, [at, va], r) =>
      s(`circle.${kind}`, {cx: x(at).toFixed(1), cy: y(va).toFixed(1), r});
    svg.replaceChildren(
      s("clipPath", {id: `${id}up`}, s("rect", {x: 0, y: 0, width, height: y(0)})),
      s("clipPath", {id: `${id}down`}, s("rect", {x: 0, y: y(0), width, height})),
      ...grid, ...shapes,
      ...(best && best[1] > 0 ? [dot("most", best, 3.5)] : []),
      ...(options.live && last ? [dot("pulse", last, 5)] : []));
    const at = picked !== null && points.length ? nearest(picked) : null;
    if (at) {
      svg.append(s("path.cross", {d: `M${x(at[0]).toFixed(1)} 16V${foot}`}), dot("here", at, 5));
      line.replaceChildren(h("b", words(at[1])), ` ${clock(at[0], step < 60)}`);
    } else if (best && best[1] > 0) {
      line.replaceChildren(`${t("maximum")} `, h("b", words(best[1])), ` ${t("at", {time: clock(best[0])})}`);
    } else {
      line.replaceChildren(points.length ? "\u00a0" : t("nothing.yet"));
    }
    svg.dataset.points = points.length;
  }

  const kiloOr = (va) => va >= 1000 ? num(va, 0) : num(va);
  const nearest = (at) => given.points.reduce((best, p) =>
    !best || Math.abs(p[0] - at) < Math.abs(best[0] - at) ? p : best, null);

  function pick(event) {
    const box = svg.getBoundingClientRect();
    picked = given.from + (event.clientX - box.left) / box.width * (given.to - given.from);
    line.setAttribute("aria-live", "off");
    draw();
  }
  svg.addEventListener("pointermove", pick);
  svg.addEventListener("pointerdown", pick);
  const leave = () => { picked = null; draw(); };
  svg.addEventListener("pointerleave", leave);
  svg.addEventListener("blur", leave);
  svg.addEventListener("keydown", (event) => {
    const move = {ArrowLeft: -1, ArrowRight: 1, Home: -1e6, End: 1e6}[event.key];
    const {points} = given;
    if (event.key === "Escape") return leave();
    if (event.key === "Enter" && options.pick && picked !== null) return options.pick(picked);
    if (!move || !points.length) return undefined;
    event.preventDefault();
    const start = picked === null ? points.length - (move < 0 ? 0 : 1)
      : points.indexOf(nearest(picked));
    picked = points[Math.max(0, Math.min(points.length - 1, start + move))][0];
    line.setAttribute("aria-live", "polite");
    return draw();
  });
  if (options.pick) {
    svg.addEventListener("click", () => picked !== null && options.pick(picked));
    svg.classList.add("can");
  }
  const watch = new ResizeObserver(draw);
  watch.observe(node);
  return {
    node,
    show(next) { given = {...given, ...next}; draw(); },
    end() { watch.disconnect(); },
  };
}

// Energy by span of time, stacked by period. rows: {at, name, long, parts: {key: Wh}, cents}.
function bars(options) {
  const id = `b${++ids}`;
  const line = h("p.readout");
  const svg = s("svg.bars", {role: "group", "aria-label": options.label});
  const node = h("div.plot", line, svg);
  const height = options.height || 240;
  let rows = [];
  let meter = null;
  let rest = "\u00a0";

  const sum = (parts) => Object.entries(parts)
    .reduce((all, [key, wh]) => all + (key === "injected" ? 0 : wh), 0);
  const say = (row) => row ? line.replaceChildren(h("b", kwh(sum(row.parts))),
    ` ${row.long}${row.cents === null || row.cents === undefined ? "" : `, ${money(row.cents / 100)}`}`)
    : line.replaceChildren(rest);

  function draw() {
    const width = svg.clientWidth || node.clientWidth;
    if (!width || !rows.length) return;
    const foot = height - 22;
    const most = ceiling(Math.max(...rows.map((row) => sum(row.parts)), 100));
    const least = Math.max(0, ...rows.map((row) => row.parts.injected || 0));
    const high = (foot - 20) / (most + least);
    const zero = 20 + most * high;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("height", height);
    const parts = [
      s("pattern", {id, width: 6, height: 6, patternUnits: "userSpaceOnUse",
        patternTransform: "rotate(45)"}, s("path.hatch", {d: "M1 0V6"})),
    ];
    const scale = [];  // over the bars, or they would hide it
    for (const share of [0.5, 1]) {
      const place = (zero - most * share * high).toFixed(1);
      parts.push(s("path.rule", {d: `M0 ${place}H${width}`}));
      scale.push(s("text.rule-word.over", {x: 0, y: place - 5}, `${num(most * share / 1000, most < 400 ? 2 : most < 4000 ? 1 : 0)} kWh`));
    }
    const slot = width / rows.length;
    const gap = Math.min(8, slot * 0.24);
    const every = Math.ceil(26 / slot);
    rows.forEach((row, number) => {
      const left = number * slot + gap / 2;
      const wide = Math.min(slot - gap, 56);
      const x = left + (slot - gap - wide) / 2;
      const stack = [];
      let top = zero;
      const block = (key, wh, from) => {
        const tall = wh * high;
        if (tall < 0.4) return;
        const box = {x: x.toFixed(1), y: from.toFixed(1), width: wide.toFixed(1),
          height: Math.max(0.5, tall - 0.6).toFixed(1), rx: Math.min(2, wide / 4)};
        stack.push(s(`rect.p-${toneOf(key, meter)}`, box));
        if (toneOf(key, meter).startsWith("hc")) stack.push(s("rect", {...box, fill: `url(#${id})`}));
      };
      for (const key of ordered(Object.keys(row.parts), meter)) {
        if (key === "injected") continue;
        top -= row.parts[key] * high;
        block(key, row.parts[key], top);
      }
      if (row.parts.injected) block("injected", row.parts.injected, zero + 1);
      const act = () => options.pick && options.pick(row);
      parts.push(s("g.bar", {
        role: options.pick ? "button" : "img", tabindex: 0, "aria-label":
          `${row.long}: ${kwh(sum(row.parts))}${row.cents ? `, ${money(row.cents / 100)}` : ""}`,
        onclick: act, onpointerenter: () => say(row), onpointerleave: () => say(null),
        onfocus: () => say(row), onblur: () => say(null),
        onkeydown: (event) => {
          if (event.key === "Enter" || event.key === " ") { event.preventDefault(); act(); }
          const next = {ArrowLeft: "previousSibling", ArrowRight: "nextSibling"}[event.key];
          const other = next && event.currentTarget[next];
          if (other && other.matches(".bar")) { event.preventDefault(); other.focus(); }
        },
      }, s("rect.touch", {x: (number * slot).toFixed(1), y: 0, width: slot.toFixed(1), height: foot + 20}),
        stack, number % every ? null : s("text.time", {x: (x + wide / 2).toFixed(1), y: height - 5,
          "text-anchor": "middle"}, row.name)));
    });
    parts.push(s("path.zero", {d: `M0 ${zero.toFixed(1)}H${width}`}));
    svg.replaceChildren(...parts, ...scale);
    if (!options.pick) return;
    svg.classList.add("can");
  }
  const watch = new ResizeObserver(draw);
  watch.observe(node);
  return {
    node,
    show(next, model, words) { rows = next; meter = model; rest = words || "\u00a0"; say(null); draw(); },
    end() { watch.disconnect(); },
  };
}
