// First contact, in steps: network, password, name, the meter, destinations.

function pageSetup(main) {
  const steps = [["network", networkStep], ["account", accountStep], ["name", nameStep], ["meter", meterStep],
    ["destination", destinationStep], ["done", doneStep]];
  let at = 0;
  let end = null;
  const marks = h("ol.steps", {"aria-label": t("setup")});
  const box = h("div");
  main.append(h("h1", t("setup")), marks, box);

  function show(number) {
    if (end) end();
    at = number;
    marks.replaceChildren(...steps.slice(0, -1).map(([name], n) => h(`li${n < at ? ".past" : ""}`,
      {"aria-current": n === at ? "step" : null}, h("span", t(`step.${name}`)))));
    const card = h("section.card");
    box.replaceChildren(card);
    end = steps[at][1](card, () => show(at + 1), () => show(at - 1)) || null;
    const head = $("h2", card);
    if (head) { head.tabIndex = -1; head.focus(); }
    scrollTo(0, 0);
  }

  greet().then(() => {
    // From the network itself, and with nobody's password yet, that comes first: nothing else
    // may be written before. Through the access point the network may.
    if (!session.password && !session.setup) steps.unshift(...steps.splice(1, 1));
    else if (session.password) steps.splice(1, 1);
    dress();
    show(0);
  }).catch((problem) => offer(main, problem));
  return () => { if (end) end(); };
}

const buttons = (next, back, label, skip) => h("p.row.end",
  back && h("button", {type: "button", onclick: back}, t("back")),
  skip && h("button", {type: "button", onclick: skip}, t("skip")), next && h("button.main", {type: "submit"}, label || t("next.step")));

const SIGNAL = [-85, -75, -67, -55];
function signal(rssi) {
  return s("svg.signal", {viewBox: "0 0 20 16", "aria-hidden": "true"}, SIGNAL.map((least, n) =>
    s(`rect${rssi >= least ? ".on" : ""}`, {x: n * 5, y: 12 - n * 4, width: 3.4, height: 4 + n * 4, rx: 1})));
}

function networkStep(card, next) {
  const list = h("div.networks", {role: "radiogroup", "aria-label": t("networks")});
  const name = h("input", {id: "ssid", type: "text", maxlength: 32, autocomplete: "off", autocapitalize: "off", spellcheck: "false"});
  const byHand = h("div.field", {hidden: true}, h("label", {for: "ssid"}, t("ssid")), name);
  const password = passwordField(t("wifi.password"), "off");
  password.node.hidden = true;
  const fixed = ["address", "netmask", "router", "dns"].map((key) => [key, h("input", {id: `j-${key}`, inputmode: "decimal", autocomplete: "off"})]);
  const details = h("details.advanced", {hidden: true}, h("summary", t("static")), h("p.help", t("static.why")),
    fixed.map(([key, input]) => h("div.field", h("label", {for: input.id}, t(`static.${key}`)), input)));
  const state = h("p.state-line", {role: "status"});
  const again = h("button.quiet", {type: "button", onclick: () => scan(true)}, t("scan.again"));
  const actions = buttons(true, null, t("join"), next);
  const submit = $("button.main", actions);
  submit.disabled = true;
  let chosen = null;
  let stopped = false;

  card.append(h("h2", t("step.network")), h("p.note", t("network.why")), h("form", {onsubmit: (event) => {
    event.preventDefault();
    doing(submit, join);
  }}, h("div.row.between", h("b", t("networks")), again), list, byHand, password.node, details, state, actions));

  function choose(network) {
    chosen = network;
    submit.disabled = false;
    const hand = network.byHand;
    byHand.hidden = !hand;
    password.node.hidden = network.security === "open";
    details.hidden = false;
    state.textContent = network.security === "enterprise" ? t("enterprise") : "";
    (hand ? name : password.input).focus();
  }

  async function scan(fresh) {
    list.setAttribute("aria-busy", "true");
    state.className = "state-line";
    state.textContent = t("scanning");
    again.disabled = true;
    try {
      const told = await api(`scan${fresh ? "?again=1" : ""}`, undefined, {patience: 20000});
      const found = told.networks.filter((one) => one.ssid);
      list.replaceChildren(...found.map((one) => option(one, [signal(one.rssi), h("span.ssid", one.ssid),
        h("span.note", `${strength(one.rssi)} · ${t(`security.${one.security}`)}`)])),
      option({byHand: true, hidden: true}, [h("span.ssid", t("by.hand"))]));
      state.textContent = found.length ? "" : t("scan.none");
    } catch (problem) {
      if (!list.children.length) list.replaceChildren(option({byHand: true, hidden: true}, [h("span.ssid", t("by.hand"))]));
      state.textContent = problem.data.error === "there is no radio" ? t("no.radio") : problem.message;
    }
    list.removeAttribute("aria-busy");
    again.disabled = false;
  }

  const option = (network, content) => h("label.network", h("input", {type: "radio", name: "network",
    onchange: () => choose(network)}), content);

  async function join() {
    const body = {ssid: chosen.byHand ? name.value : chosen.ssid, password: password.node.hidden ? "" : password.value()};
    if (chosen.byHand) body.hidden = true;
    for (const [key, input] of fixed) if (input.value.trim()) body[key] = input.value.trim();
    state.className = "state-line";
    if (!body.ssid) { state.textContent = t("ssid.needed"); return; }
    if (body.password && body.password.length < 8) { state.className = "state-line bad"; state.textContent = t("join.short"); return; }
    state.textContent = t("join.trying", {ssid: body.ssid});
    try {
      await api("join", body);
    } catch (problem) {
      state.className = "state-line bad";
      state.textContent = problem.message;
      return;
    }
    const start = Date.now();
    while (!stopped) {
      await new Promise((done) => { setTimeout(done, 1000); });
      let told = null;
      try {
        told = await api("join", undefined, {patience: 5000});
      } catch {
        state.textContent = t("join.lost", {ssid: session.device || ""});
      }
      if (told && told.state === "trying") state.textContent = `${t("join.trying", {ssid: body.ssid})} ${span((Date.now() - start) / 1000)}`;
      else if (told && told.state === "joined") {
        session.address = told.address;
        state.className = "state-line good";
        state.textContent = t("join.done", {ssid: body.ssid, address: told.address || ""});
        const go = h("button.main", {type: "button", onclick: next}, t("next.step"));
        actions.replaceChildren(go);
        go.focus();
        return;
      } else if (told) {
        state.className = "state-line bad";
        state.textContent = `${body.ssid}${t("colon")} ${await translated(told.words)}`;
        password.input.select();
        return;
      }
      if (Date.now() - start > 120000) return;
    }
  }

  scan(false);
  return () => { stopped = true; };
}

function accountStep(card, next) {
  const first = passwordField(t("password.new"), "new-password");
  const second = passwordField(t("password.again"), "new-password");
  const error = h("p.error", {role: "alert"});
  const actions = buttons(true);
  const submit = $("button.main", actions);
  card.append(h("h2", t("step.account")), h("p.note", t("account.why")), h("form", {onsubmit: (event) => {
    event.preventDefault();
    error.textContent = [...first.value()].length < 8 ? t("password.short")
      : first.value() !== second.value() ? t("password.differ") : "";
    if (error.textContent) return;
    doing(submit, async () => {
      await choose(true, first.value());
      dress();
      next();
    });
  }}, first.node, second.node, error, actions));
}

function nameStep(card, next) {
  const name = h("input", {id: "name", type: "text", maxlength: 32, autocomplete: "off", placeholder: session.device || ""});
  const site = h("input", {id: "site", type: "text", maxlength: 32, autocomplete: "off"});
  name.value = session.name || "";
  site.value = session.site || "";
  const actions = buttons(true, null, null, next);
  card.append(h("h2", t("step.name")), h("p.note", t("name.why")), h("form", {onsubmit: (event) => {
    event.preventDefault();
    doing($("button.main", actions), async () => {
      const told = await api("config", {device_name: name.value.trim(), site: site.value.trim()});
      if (told.restart) session.restart = true;
      Object.assign(session, {name: name.value.trim(), site: site.value.trim()});
      dress();
      next();
    });
  }}, h("div.field", h("label", {for: "name"}, t("name.device")), name),
  h("div.field", h("label", {for: "site"}, t("name.site")), site), actions));
}

function meterStep(card, next) {
  const box = h("div", {"aria-live": "polite"});
  card.append(h("h2", t("step.meter")), box, h("p.row.end", h("button.main", {type: "button", onclick: next}, t("next.step"))));
  let words = "";
  async function look() {
    try {
      const status = await loadStatus();
      const tic = status.tic || {};
      const reading = tic.state === "reading";
      const {counters = {}} = status;
      const share = errorShare({...status, counters});
      const lines = [h(`p.lead-line.${reading ? "good" : "warm"}`, h("i.dot", {"aria-hidden": "true"}),
        h("b", reading ? t("tic.reads", {mode: t(`mode.${tic.mode}`), n: tic.rate}) : t(`tic.${tic.state || "searching"}`)))];
      if (!reading) lines.push(h("p", t(`tic.${tic.state || "searching"}.do`)));
      if (reading && share >= 0.005) {
        const worst = ["parity", "checksum", "format"].reduce((a, b) => counters[b] > counters[a] ? b : a);
        lines.push(h("p", t("errors.share", {share: percent(share)}), ". ", t(`cause.${worst}.do`)));
      } else if (reading) lines.push(h("p", t("meter.sound")));
      if (reading) {
        await loadMeter();
        const head = headline();
        if (head.value !== undefined) lines.push(h("p.value.small", h("span.big", num(Math.abs(head.value))), h("span.unit", head.unit)));
      }
      const text = lines.map((line) => line.textContent).join();
      if (text !== words) box.replaceChildren(...lines);
      words = text;
    } catch (problem) {
      box.replaceChildren(h("p", problem.message));
    }
  }
  look();
  const timer = setInterval(look, 2500);
  return () => clearInterval(timer);
}

function destinationStep(card, next) {
  const make = (key, type, label) => {
    const input = h("input", {id: `d-${key}`, type, autocomplete: "off", autocapitalize: "off", spellcheck: "false"});
    return [key, input, h("div.field", h("label", {for: input.id}, label), input, h("p.error", {role: "alert"}))];
  };
  const fields = [make("mqtt_host", "text", t("mqtt.host")), make("mqtt_port", "text", t("mqtt.port")),
    make("mqtt_user", "text", t("mqtt.user")), make("mqtt_password", "password", t("mqtt.password"))];
  const actions = buttons(true, null, null, next);
  const model = h("input", {id: "d-model", type: "checkbox", role: "switch"});
  const before = {};
  // The form appears with what is set, so that nothing typed is written over.
  api("config").then((told) => {
    for (const {key, value} of told.settings) before[key] = value;
    for (const [key, input] of fields) if (key !== "mqtt_password") input.value = before[key];
    model.checked = before.model;
    form.hidden = false;
  }).catch((problem) => { card.append(h("p", problem.message), buttons(null, null, null, next)); });
  const form = h("form", {hidden: true, novalidate: true, onsubmit: (event) => {
    event.preventDefault();
    doing($("button.main", actions), async () => {
      const body = {model: model.checked};
      for (const [key, input] of fields) {
        const value = input.value.trim();
        if (key === "mqtt_password" ? value : value !== String(before[key])) body[key] = value;
        $(".error", input.parentNode).textContent = "";
      }
      if (body.model === before.model) delete body.model;
      try {
        if (Object.keys(body).length && (await api("config", body)).restart) session.restart = true;
        next();
      } catch (problem) {
        const wrong = fields.find(([key]) => key === problem.data?.key);
        if (!wrong) throw problem;
        $(".error", wrong[2]).textContent = problem.data.allowed && wrong[0] === "mqtt_port" ? t("allowed.int", {low: 1, high: 65535}) : t("allowed.host", {low: 1, high: 128});
        wrong[1].focus();
      }
    });
  }}, fields.map(([, , node]) => node),
  h("div.field.k-bool", h("label", {for: "d-model"}, t("model.on")), model, h("p.help", t("model.why"))), actions);
  card.append(h("h2", t("step.destination")), h("p.note", t("destination.why")), form);
}

function doneStep(card) {
  const button = h("button.main", {type: "button", onclick: () => doing(button, async () => {
    if (session.restart || session.address) {
      await restart("#now");
    } else {
      location.hash = "#now";
    }
  })}, t(session.restart || session.address ? "done.restart" : "done.go"));
  const {address} = session;
  card.append(h("h2", t("step.done")), h("p", t("done.why")),
    address && h("p", t("done.where"), " ", h("a", {href: `http://${address}/`}, `http://${address}/`),
      session.device && [" ", t("or"), " ", h("b", `http://${session.device}.local/`)]),
    h("p.row.end", button));
}
