// Health: what is wrong and what to do, counters by cause, destinations, the gateway, the log.

const LEVELS_OF_LOG = ["error", "warning", "info"];

function pageHealth(main) {
  const box = h("div.parts");
  const level = h("select", {id: "level", onchange: () => showLog()},
    LEVELS_OF_LOG.map((one) => h("option", {value: one}, t(`log.${one}`))));
  level.value = "info";
  const lines = h("ol.log");
  const log = h("section.card", h("div.row.between", h("h2", t("log")),
    h("span.row", h("label", {for: "level"}, t("log.level")), level)), h("p.note", t("log.language")), lines);
  main.append(h("h1", t("health")), box, log);

  function draw() {
    if (data.status) {
      const open = new Set([...box.querySelectorAll("details[open]")].map((one) => one.id));
      box.replaceChildren(...healthParts(data.status));
      for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    }
  }

  async function showLog() {
    try {
      const told = await api(`log?level=${level.value}`);
      lines.replaceChildren(...told.lines.slice(-200).reverse().map(([at, kind, text]) =>
        h(`li.l-${LEVELS_OF_LOG[kind] || kind}`, h("time", at ? moment(at > 1e9 ? at : at + 946684800) : "–"), h("span", text))));
      if (!told.lines.length) lines.replaceChildren(h("li", t("log.empty")));
      log.hidden = false;
    } catch (problem) {
      log.hidden = problem.status === 404;
    }
  }

  watchers.add(draw);
  more().then(draw, () => {});
  loadStatus().then(showLog).catch((problem) => offer(main, problem));
  const timers = [setInterval(() => loadStatus().catch(() => {}), 5000), setInterval(showLog, 15000)];
  return () => {
    watchers.delete(draw);
    timers.forEach(clearInterval);
  };
}

function healthParts(status) {
  const wrong = troubles(status);
  const tic = status.tic || {};
  const counters = status.counters || {};
  const parts = [];
  parts.push(h(`section.card.verdict.${wrong.length ? wrong[0].level : "good"}`,
    wrong.length ? h("ul", wrong.map((one) => h("li", h("i.dot", {"aria-hidden": "true"}), one.words)))
      : h("p", h("i.dot", {"aria-hidden": "true"}), h("b", t("health.good")))));

  const pairs = (list) => h("dl.pairs", list.filter(([, value]) => value !== undefined && value !== null && value !== "")
    .map(([name, ...value]) => h("div", h("dt", name), h("dd", ...value))));
  const reading = tic.state === "reading";
  parts.push(h("section.card", h("h2", t("reading")),
    h("p", h("b", t(`tic.${tic.state || "silent"}`)), !reading && [" ", t(`tic.${tic.state || "silent"}.do`)]),
    pairs([[t("mode"), tic.mode && tic.mode !== "unknown" ? t(`mode.${tic.mode}`) : null],
      [t("rate"), reading ? t("baud", {n: tic.rate}) : null],
      [t("parity"), tic.parity === true ? t("parity.on") : tic.parity === false ? t("parity.off") : null],
      [t("cooked"), tic.cooked ? t("cooked.do") : null],
      [t("frames.pace"), status.frames_per_minute ? num(status.frames_per_minute) : null],
      [t("frame.last"), status.last_frame_age === null || status.last_frame_age === undefined ? null : ago(status.last_frame_age)],
      [t("groups"), counters.groups ? num(counters.groups) : null]])));

  const met = CAUSES.filter((cause) => counters[cause]);
  const share = counters.groups ? (counters.parity + counters.checksum + counters.format)
    / (counters.groups + counters.parity + counters.checksum + counters.format) : 0;
  const cause = (name) => h("li", h("p.row.between", h("b", t(`cause.${name}`)), h("b.number", num(counters[name] || 0))),
    h("p", t(`cause.${name}.is`)), counters[name] ? h("p.do", t(`cause.${name}.do`)) : null);
  parts.push(h("section.card", h("h2", t("causes")),
    h("p.note", met.length ? t("causes.since", {share: percent(share)}) : t("causes.none")),
    met.length ? h("ul.causes", met.map(cause)) : null,
    met.length < CAUSES.length ? h("details", {id: "d-causes"}, h("summary", t("causes.others")),
      h("ul.causes", CAUSES.filter((name) => !counters[name]).map(cause))) : null));

  const {mqtt, influx, post} = status;
  const idle = status.tasks?.mqtt?.idle;
  const destination = (name, good, words, list, fresh) => h("div.destination", h("p.row.between", h("b", name),
    h(`span.state.${good ? "good" : fresh ? "warm" : "bad"}`, h("i.dot", {"aria-hidden": "true"}), words)), pairs(list));
  // What takes readings by HTTP.
  const upload = (name, one) => {
    if (!one) return null;
    const fresh = !one.failures && !one.error;
    const words = one.stopped ? t("stopped") : one.working ? t("working") : fresh ? t("nothing.sent") : t("not.working");
    return destination(name, one.working, words,
      [[t("last.success"), one.success === null ? t("never") : ago(Math.max(0, status.uptime - one.success))],
        [t("readings.accepted"), one.accepted ? num(one.accepted) : null],
        [t("readings.waiting"), one.waiting ? num(one.waiting) : null],
        [t("readings.refused"), one.refused ? num(one.refused) : null],
        [t("dropped"), one.dropped ? num(one.dropped) : null],
        [t("tries.failed"), one.failures ? num(one.failures) : null],
        [t("last.error"), said(one.error)]], fresh);
  };
  const destinations = [mqtt && destination("MQTT", mqtt.connected, t(mqtt.connected ? "connected" : "not.connected"),
    [[t("last.success"), mqtt.last_success !== undefined ? mqtt.last_success === null ? t("never") : ago(mqtt.last_success)
      : mqtt.connected && idle !== undefined ? ago(idle) : null],
    [t("accepted"), mqtt.accepted ? num(mqtt.accepted) : null],
    [t("unsent"), mqtt.unsent ? num(mqtt.unsent) : null],
    [t("readings.waiting"), mqtt.waiting ? num(mqtt.waiting) : null],
    [t("dropped"), mqtt.dropped ? num(mqtt.dropped) : null],
    [t("drops"), mqtt.drops ? num(mqtt.drops) : null],
    [t("last.error"), said(mqtt.error)]]),
  upload("InfluxDB", influx), upload("HTTP POST", post)].filter(Boolean);
  if (destinations.length) parts.push(h("section.card", h("h2", t("destinations")), destinations));

  const served = [["Modbus TCP", status.modbus], [t("raw.tic"), status.raw_tic]].filter(([, one]) => one);
  if (served.length) {
    parts.push(h("section.card", h("h2", t("local.network")), served.map(([name, one]) =>
      destination(name, one.working, t(one.working ? "listening" : "not.listening"), [[t("clients"), one.clients ? num(one.clients) : null],
        [t("served"), one.accepted ? num(one.accepted) : null],
        [t("clients.refused"), one.refused ? num(one.refused) : null], [t("cut.off"), one.cut ? num(one.cut) : null],
        [t("last.served"), one.success ? ago(Math.max(0, status.uptime - one.success)) : null],
        [t("last.error"), said(one.error)]]))));
  }

  const network = status.network || {};
  const memory = status.memory || {};
  parts.push(h("section.card", h("h2", t("gateway")), pairs([
    [t("version"), status.version], [t("board"), status.board], [t("uptime"), span(status.uptime)],
    [t("reset"), has(`reset.${status.reset}`) ? t(`reset.${status.reset}`) : status.reset],
    [t("memory.heap"), memory.heap_used ? kb(memory.heap_used) : null],
    [t("memory.free"), memory.system_free ? kb(memory.system_free) : null],
    [t("wifi"), network.rssi ? `${t("wifi.is", {word: strength(network.rssi)})} (${network.rssi}\u00a0dBm)`
      : network.state ? t(network.state === "up" ? "network.up" : "network.down") : null],
    [t("address"), network.address],
    [t("time"), status.time ? `${clock(Date.parse(status.time) / 1000, true)} (${has(`clock.${status.time_source}`) ? t(`clock.${status.time_source}`) : status.time_source})` : t("time.none")],
    [t("history.dropped"), status.history?.dropped || null],
    [t("history.error"), said(status.history?.error)]])));

  const failed = Object.entries(status.tasks || {}).filter(([, task]) => task.failures);
  if (failed.length) {
    parts.push(h("section.card", h("h2", t("tasks")), h("p.note", t("tasks.why")), pairs(failed.map(([name, task]) =>
      [name, `${t("failures", {n: task.failures})}${task.error ? ` – ${said(task.error)}` : ""}`]))));
  }
  const events = (status.events || []).slice(-20).reverse();
  if (events.length) {
    parts.push(h("section.card", h("h2", t("events")), h("ol.log", events.map((one) =>
      h("li", h("time", one.at ? eventTime(one.at) : "–"), h("span", eventWords(one)))))));
  }
  return parts;
}

const kb = (bytes) => `${num(bytes / 1024)}\u00a0${language === "fr" ? "Ko" : "KB"}`;
const eventTime = (at) => typeof at === "number" ? moment(at) : `${at.slice(8, 10)}/${at.slice(5, 7)} ${at.slice(11, 19)}`;

const UNITS = {va: "VA", w: "W", percent: "%", v: "V", a: "A"};

// A figure of an event: its name says what it is.
function fact(key, value) {
  if (value === null || typeof value === "object" || key === "factor") return "";
  if (key === "seconds" || key === "ago") return span(value);
  if (key === "period" || key === "to_period") return periodName(String(value), data.meter);
  if (has(`colour.${value}`)) return t(`colour.${value}`);
  const unit = key.split("_").map((part) => UNITS[part]).filter(Boolean).pop();
  if (typeof value === "number" && unit) return `${num(value)}\u00a0${unit}`;
  return said(`${key.replaceAll("_", " ")} ${value}`);
}

// An event in words, with the figures that caused it.
function eventWords({event, at, ...facts}) {
  const words = has(`event.${event}`) ? t(`event.${event}`) : event.replaceAll("_", " ");
  const said = Object.entries(facts).map(([key, value]) => fact(key, value)).filter(Boolean);
  return said.length ? `${words} (${said.join(", ")})` : words;
}
