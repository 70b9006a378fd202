// Wall mode: a screen in the hall or the kitchen, read from across the room.

function pageWall(main) {
  document.body.classList.add("wall");
  const value = h("span.big", "–");
  const unit = h("span.unit");
  const word = h("p.word");
  const fill = h("i");
  const bar = h("div.power", fill);
  const scale = h("p.scale");
  const time = h("p.clock");
  const period = h("div");
  const cost = h("p.cost");
  const hour = curve({label: t("hour.curve"), live: true, height: Math.max(140, Math.round(innerHeight * 0.26))});
  const leave = h("a.button.quiet", {href: "#now"}, t("wall.leave"));
  const full = h("button.quiet", {onclick: () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen().catch(() => {});
  }}, t("wall.full"));
  const box = h("section.board", h("h1.hidden", t("wall")),
    h("div.row.between", time, h("span.row", full, leave)),
    h("p.value", value, unit), word, bar, scale, period, hour.node, cost);
  main.append(box);
  let lock = null;
  const wake = () => navigator.wakeLock && !document.hidden
    && navigator.wakeLock.request("screen").then((got) => { lock = got; }).catch(() => {});
  wake();

  function draw(what) {
    const head = headline();
    const state = head.value === undefined ? "unknown" : mood(head.value, head.subscribed);
    box.className = `board ${state}`;
    value.textContent = head.value === undefined ? "–" : num(Math.abs(head.value));
    unit.textContent = head.value === undefined ? "" : head.unit;
    word.textContent = t(`mood.${state}`);
    bar.hidden = scale.hidden = !head.subscribed;
    if (head.subscribed && head.value !== undefined) {
      fill.style.width = `${Math.min(100, Math.abs(head.value) * 100 / head.subscribed)}%`;
      scale.textContent = t("of.subscribed", {share: percent(Math.abs(head.value) / head.subscribed),
        power: `${kilo(head.subscribed)}\u00a0k${head.unit}`});
    }
    const to = now();
    hour.show({points: data.points, from: to - HOUR, to, step: 60, limit: head.unit === "W" ? 0 : head.subscribed});
    hour.node.hidden = data.points.length < 3;
    if (what !== "live" && data.meter) {
      period.replaceChildren(periodLine(data.meter) || "");
      const {energy_today_wh: wh, cost_today: euros} = data.energy;
      cost.replaceChildren(wh === undefined ? "" : h("span", `${t("today")} `, h("b", kwh(wh)),
        euros !== undefined && [" · ", h("b", money(Number(euros)))]));
    }
  }
  const tick = () => { time.textContent = clock(now()); };
  watchers.add(draw);
  feed.want(true);
  tick();
  const timers = [setInterval(tick, 1000), setInterval(() => loadMeter().catch(() => {}), 60000)];
  const seen = () => wake();
  document.addEventListener("visibilitychange", seen);
  loadMeter().then(loadHour).catch((problem) => { if (!data.known) offer(main, problem); });
  if (data.known) draw("meter");
  return () => {
    document.body.classList.remove("wall");
    document.removeEventListener("visibilitychange", seen);
    if (document.fullscreenElement) document.exitFullscreen();
    if (lock) lock.release();
    watchers.delete(draw);
    timers.forEach(clearInterval);
    hour.end();
    feed.want(false);
  };
}
