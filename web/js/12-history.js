// History: hour, day, month, year. #history/<level>/<unix s of something in it>

const LEVELS = ["hour", "day", "month", "year"];

// The span a moment lies in: {from, to, name}
function stretch(level, at) {
  const c = local(at);
  if (level === "hour") {
    const from = Math.floor(at / HOUR) * HOUR;
    return {from, to: from + HOUR, name: `${dated(from, {weekday: "short", day: "numeric", month: "long"})} ${clock(from)} – ${clock(from + HOUR)}`};
  }
  if (level === "day") {
    const from = instant(c.year, c.month, c.day);
    return {from, to: instant(c.year, c.month, c.day + 1),
      name: dated(from, {weekday: "long", day: "numeric", month: "long", year: "numeric"})};
  }
  if (level === "month") {
    const from = instant(c.year, c.month, 1);
    return {from, to: instant(c.year, c.month + 1, 1), name: dated(from, {month: "long", year: "numeric"})};
  }
  return {from: instant(c.year, 1, 1), to: instant(c.year + 1, 1, 1), name: String(c.year)};
}

const go = (level, at) => { location.hash = `#history/${level}/${Math.round(at)}`; };

function pageHistory(main, [level = "day", at]) {
  if (!LEVELS.includes(level)) level = "day";
  if (!session.known) greet().catch(() => {});  // whose history it is, in the head of the page
  const here = stretch(level, Number(at) || now());
  const summary = h("div.summary");
  const picture = h("div");
  const table = h("table.rows");
  const energyLevel = level === "month" || level === "year";
  const next = h("button.round", {"aria-label": t("next"), disabled: here.to > now(),
    onclick: () => go(level, here.to + 60)}, "›");
  main.append(h("h1", t("history")),
    h("div.segments", {role: "group", "aria-label": t("span")}, LEVELS.map((one) => h("button", {
      "aria-pressed": String(one === level),
      onclick: () => go(one, Math.min(here.to - 1, Math.max(here.from, now()))),
    }, t(`level.${one}`)))),
    h("section.card",
      h("div.row.between", h("button.round", {"aria-label": t("previous"),
        onclick: () => go(level, here.from - 60)}, "‹"), h("h2.when", here.name), next),
      summary, picture),
    h("details.card", h("summary", t("table")), h("div.scroll", table)),
    csvPart(level, here));
  let drawn = null;

  async function fillIn() {
    if (!data.known) await loadMeter();
    if (!data.modelled) {
      main.replaceChildren(h("h1", t("history")), h("section.card", h("p", t("history.off")),
        h("a.button", {href: "#settings/meter"}, t("history.on"))));
      return;
    }
    if (energyLevel) await fillBars();
    else await fillCurve();
  }

  async function fillCurve() {
    const recent = now() - here.from < 86000;
    const kind = level === "hour" || recent ? "minute" : "ten";
    const step = level === "hour" ? 60 : 600;
    const [told, days] = await Promise.all([
      api(`history?kind=${kind}&from=${here.from}&to=${here.to}&step=${step}`),
      level === "day" ? dayRows(here.from, here.to, "1") : []]);
    const rows = told.rows || [];
    const points = rows.map(([when, va]) => [when + step / 2, va]);
    drawn = curve({label: here.name, height: 240,
      pick: level === "day" && recent ? (when) => go("hour", when) : null});
    if (!rows.length && !days.length) return empty();
    const limit = data.meter.subscribed_va;
    if (rows.length) picture.replaceChildren(drawn.node);
    drawn.show({points, from: here.from, to: here.to, step, limit});
    const day = days[0];
    const facts = [];
    if (day) facts.push([t("energy"), kwh(total(day.parts))]);
    if (day && day.cents !== null) facts.push([t("cost"), money(day.cents / 100)]);
    if (day && day.parts.injected) facts.push([t("injected"), kwh(day.parts.injected)]);
    if (!day && rows.length) {
      const wh = rows.reduce((sum, [, va]) => sum + Math.max(0, va), 0) * step / 3600;
      facts.push([t("mean"), `${num(wh / (rows.length * step / 3600))}\u00a0VA`]);
    }
    facing(facts, day ? day.parts : {}, days);
    head([t("col.time"), t("power")], rows.map(([when, va]) => [clock(when), `${num(va)}\u00a0VA`]));
  }

  async function fillBars() {
    const rows = await dayRows(here.from, here.to, level === "year" ? "month" : "1");
    if (!rows.length) return empty();
    // A place for each day or month, so that a place always means the same day.
    const places = [];
    for (let from = here.from, n = 1; from < here.to && n < 60; n++) {
      const c = local(from);
      const to = level === "year" ? instant(c.year, c.month + 1, 1) : instant(c.year, c.month, c.day + 1);
      const row = rows.find((one) => one.at >= from && one.at < to) || {parts: {}, cents: null};
      places.push({...row, at: from,
        name: level === "year" ? dated(from, {month: "narrow"}) : String(c.day),
        long: level === "year" ? dated(from, {month: "long", year: "numeric"})
          : dated(from, {weekday: "long", day: "numeric", month: "long"})});
      from = to;
    }
    const sums = {};
    let cents = null;
    for (const row of rows) {
      for (const [key, wh] of Object.entries(row.parts)) sums[key] = (sums[key] || 0) + wh;
      if (row.cents !== null) cents = (cents || 0) + row.cents;
    }
    const best = rows.reduce((most, row) => total(row.parts) > total(most.parts) ? row : most);
    drawn = bars({label: here.name, height: 260,
      pick: (row) => go(level === "year" ? "month" : "day", row.at + 43200)});
    picture.replaceChildren(drawn.node);
    drawn.show(places, data.meter, t("tap"));
    const facts = [[t("energy"), kwh(total(sums))]];
    if (cents !== null) facts.push([t("cost"), money(cents / 100)]);
    facts.push([t("maximum"), kwh(total(best.parts)), level === "year"
      ? dated(best.at, {month: "long"}) : dated(best.at, {day: "numeric", month: "short"})]);
    facing(facts, sums, rows);
    const keys = ordered(Object.keys(sums), data.meter);
    head([t(`level.${level === "year" ? "month" : "day"}`), ...keys.map((key) => periodName(key, data.meter)),
      t("total"), ...(cents === null ? [] : [t("cost")])],
    places.filter((row) => Object.keys(row.parts).length).map((row) => [row.long,
      ...keys.map((key) => row.parts[key] === undefined ? "" : kwh(row.parts[key])), kwh(total(row.parts)),
      ...(cents === null ? [] : [row.cents === null ? "" : money(row.cents / 100)])]));
  }

  const total = (parts) => Object.entries(parts).reduce((sum, [key, wh]) => sum + (key === "injected" ? 0 : wh), 0);
  // The figures of the span, its periods, and whether some of it is not certain.
  function facing(facts, parts, rows) {
    const keys = ordered(Object.keys(parts), data.meter).filter((key) => parts[key]);
    put(summary, h("dl.facts", facts.map(([name, value, more]) =>
      h("div", h("dt", name), h("dd", h("b", value), more && h("span.note", ` ${more}`))))),
    keys.length > 1 && h("ul.legend", keys.map((key) => h("li", swatch(toneOf(key, data.meter)),
      periodName(key, data.meter), h("b", kwh(parts[key]))))),
    rows.some((row) => row.flags) && h("p.note", `${t("doubt")}${t("colon")} ${t("doubt.why")}`));
  }

  function head(names, lines) {
    table.replaceChildren(h("thead", h("tr", names.map((name) => h("th", {scope: "col"}, name)))),
      h("tbody", lines.map(([first, ...others]) => h("tr", h("th", {scope: "row"}, first),
        others.map((text) => h("td.number", text))))));
  }

  function empty() {
    picture.replaceChildren(h("p.note.center", t("history.empty")));
  }

  fillIn().catch((problem) => offer(main, problem));
  return () => drawn && drawn.end();
}

// Days or months that are over, and with them the day that runs: [{at, flags, parts, cents}]
async function dayRows(from, to, step) {
  const told = await api(`history?kind=day&from=${from}&to=${to}&step=${step}`);
  const rows = (told.rows || []).map(([at, flags, parts, cents]) => ({at, flags, parts, cents: cents ?? null}));
  const c = local(now());
  const start = instant(c.year, c.month, c.day);
  if (start < from || start >= to || data.energy.energy_today_wh === undefined) return rows;
  const parts = spent("today");
  if (!Object.keys(parts).length) parts.base = data.energy.energy_today_wh;
  const cents = data.energy.cost_today === undefined ? null : Math.round(Number(data.energy.cost_today) * 100);
  const flags = data.energy.energy_today_doubt ? 1 : 0;
  const last = rows[rows.length - 1];
  if (step === "month" && last && last.at >= instant(c.year, c.month, 1)) {
    for (const [key, wh] of Object.entries(parts)) last.parts[key] = (last.parts[key] || 0) + wh;
    if (cents !== null) last.cents = (last.cents || 0) + cents;
    last.flags |= flags;
  } else if (!last || last.at < start) {
    rows.push({at: start, flags, parts, cents});
  }
  return rows;
}

function csvPart(level, here) {
  const mark = h("select", {id: "mark"}, h("option", {value: ";"}, t("csv.semicolon")),
    h("option", {value: ","}, t("csv.comma")));
  mark.value = language === "fr" ? ";" : ",";
  const link = h("a.button", {href: "#", download: true, onclick: () => {
    const kind = level === "month" || level === "year" ? "day" : now() - here.from < 86000 ? "minute" : "ten";
    const step = kind === "day" ? (level === "year" ? "month" : "1") : kind === "ten" ? 600 : 60;
    link.href = `/api/history.csv?kind=${kind}&from=${here.from}&to=${here.to}&step=${step}`
      + `&separator=${encodeURIComponent(mark.value)}`;
  }}, t("csv"));
  mark.setAttribute("aria-label", t("csv.mark"));
  return h("div.row.csv", link, mark);
}
