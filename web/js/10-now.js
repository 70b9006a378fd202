// Now: the power, the period, the last hour, today, health; expert below.

function pageNow(main) {
  const dial = gauge();
  const period = h("div");
  const waiting = h("div.waiting");
  const hour = curve({label: t("hour.curve"), live: true});
  const hourBox = h("section.card", h("h2", t("hour")), hour.node);
  const today = h("section.card.today", {hidden: true});
  const health = h("a.health", {href: "#health"});
  const expertBox = h("div.expert");
  const toggle = h("input", {type: "checkbox", role: "switch", id: "expert",
    checked: kept.get("expert") === "1", onchange: () => {
      kept.set("expert", toggle.checked ? "1" : "0");
      showExpert();
    }});
  let expert = null;
  let left = false;
  main.append(h("h1.hidden", t("now")),
    h("div.now", h("section.card.lead", dial.node, period, waiting), hourBox, today),
    health,
    h("p.row.switch", toggle, h("label", {for: "expert"}, t("expert")),
      h("a.button.quiet.wall-link", {href: "#wall"}, t("wall"))),
    expertBox);

  function showExpert() {
    if (expert) expert.end();
    expert = null;
    expertBox.replaceChildren();
    if (toggle.checked) {
      expert = expertPart();
      expertBox.append(expert.node);
    }
  }

  function draw(what) {
    const head = headline();
    if (what !== "status") dial.show(head);
    if (what === "meter") {
      period.replaceChildren(periodLine(data.meter) || "");
      showToday(today);
    }
    if (what !== "status") {
      const to = now();
      hour.show({points: data.points, from: to - HOUR, to, step: 60,
        limit: head.unit === "W" ? 0 : head.subscribed});
      hourBox.hidden = data.points.length < 3;
    }
    if (data.status) {
      const tic = data.status.tic || {};
      const silent = tic.state && tic.state !== "reading";
      waiting.replaceChildren(silent ? h("p.note", h("b", t(`tic.${tic.state}`)), " ",
        t(`tic.${tic.state}.do`)) : "");
      health.className = `health ${healthLine(health, data.status)}`;
    }
    if (expert) expert.show(what);
  }

  watchers.add(draw);
  if (data.known) { draw("meter"); draw("status"); }
  showExpert();
  const fail = (problem) => {
    if (!data.known) offer(main, problem);
    else if (!left) feed.want(true); // it asks until somebody answers
  };
  (async () => {
    // The page is whole without the feed, which comes last.
    const status = loadStatus();
    status.catch(() => {}); // what comes first may fail before it is awaited
    await loadMeter();
    await loadHour();
    await status;
    if (!left) feed.want(true);
    if (data.status.setup && !kept.get("seen") && !data.status.network?.address) {
      kept.set("seen", "1");
      location.hash = "#setup";
    }
  })().catch(fail);
  const again = [setInterval(() => loadStatus().catch(() => {}), 20000),
    setInterval(() => loadMeter().catch(() => {}), 60000)];
  return () => {
    left = true;
    watchers.delete(draw);
    again.forEach(clearInterval);
    hour.end();
    if (expert) expert.end();
    feed.want(false);
  };
}

// One line of what matters; -> "good", "warm" or "bad"
function healthLine(line, status) {
  const wrong = troubles(status);
  const words = wrong.slice(0, 2).map((one) => one.words);
  if (!wrong.length) {
    words.push(t("health.good"));
    if (status.frames_per_minute) words.push(t("frames.minute", {n: status.frames_per_minute}));
    if (status.mqtt) words.push(t("mqtt.up"));
    if (status.network && status.network.rssi) words.push(t("wifi.is", {word: strength(status.network.rssi)}));
  }
  line.replaceChildren(h("i.dot", {"aria-hidden": "true"}), h("span", words.join("\u00a0· ")),
    h("span.go", {"aria-hidden": "true"}, "›"));
  return wrong.length ? wrong[0].level : "good";
}

const strength = (rssi) =>
  t(rssi >= -60 ? "wifi.strong" : rssi >= -72 ? "wifi.good" : rssi >= -82 ? "wifi.weak" : "wifi.poor");

// Keys of the periods that have counted in a span.
function spent(span) {
  const found = {};
  for (const [key, wh] of Object.entries(data.energy)) {
    const match = /^energy_([a-z]+)_(\w+)_wh$/.exec(key);
    if (match && match[1] === span) found[match[2]] = wh;
  }
  return found;
}

function showToday(box) {
  const {energy, meter} = data;
  const here = spent("today");
  const then = spent("yesterday");
  const whole = energy.energy_today_wh;
  box.hidden = whole === undefined;
  if (box.hidden) return;
  // What counted yesterday only is in its sum: a day of another colour would fill the list.
  const keys = ordered(Object.keys(here), meter).filter((key) => here[key] || key === meter.period);
  const most = Math.max(1, ...keys.map((key) => Math.max(here[key] || 0, then[key] || 0)));
  const bar = (share, kind) => {
    const fill = h(`i.fill.p-${kind}`);
    fill.style.width = `${(share * 100).toFixed(1)}%`;
    return fill;
  };
  const day = (name, wh, cost, doubt) => h("p.total", h("span", name), h("b", kwh(wh)),
    cost !== undefined && h("span.cost", money(Number(cost))),
    doubt && h("span.note", t("doubt")));
  put(box, h("h2", t("today")),
    day(t("today.so.far"), whole, energy.cost_today, energy.energy_today_doubt),
    h("ul.periods", keys.map((key) => {
      const kind = toneOf(key, meter);
      const wh = here[key] || 0;
      const was = then[key];
      return h("li", h("span.name", swatch(kind), periodName(key, meter)), h("span.kwh", kwh(wh)),
        h("span.bar", bar(wh / most, kind),
          was !== undefined && h("span.was", bar(was / most, kind),
            h("span.hidden", t("yesterday.was", {kwh: kwh(was)})))));
    })),
    energy.energy_yesterday_wh !== undefined
      && day(t("yesterday"), energy.energy_yesterday_wh, energy.cost_yesterday,
        energy.energy_yesterday_doubt),
    energy.earned_today !== undefined && Number(energy.earned_today) > 0
      && h("p.total", h("span", t("earned")), h("b", money(Number(energy.earned_today)))),
    energy.cost_hour !== undefined
      && h("p.total", h("span", t("cost.hour")), h("b", money(Number(energy.cost_hour), 2))));
}

// What to do when a page could not be filled at all.
function offer(main, problem) {
  if ("percent" in (problem.data || {})) {
    location.reload(); // there is a page that waits for the end of the update
  } else if (problem instanceof Cancelled || problem.status === 401) {
    main.replaceChildren(h("section.card.center", h("h1", t("protected")), h("p", t("protected.why")),
      h("button.main", {onclick: () => route()}, t("login"))));
  } else {
    main.replaceChildren(h("section.card.center",
      h("h1", problem.status ? problem.message : t("unreachable")), h("button.main", {onclick: () => route()}, t("again"))));
  }
}
