// Settings: made from /api/config, one screen a section, a bar to save once something changed.

function pageSettings(main, [asked]) {
  const wide = matchMedia("(min-width: 900px)");
  const list = h("nav.sections", {"aria-label": t("settings")});
  const panel = h("div.panel");
  const box = h("div.settings", list, panel);
  const out = h("button.quiet", {type: "button", hidden: true, onclick: () => doing(out, logout)}, t("logout"));
  main.append(h("div.row.between", h("h1", t("settings")), out), box);
  let bar = null;
  let leave = null;

  (async () => {
    // Writing needs the password anyway: ask now, not after the typing.
    if (!session.known) await greet();
    if (!session.user && !(session.setup && !session.password)) await identify();
    dress();
    out.hidden = !session.user;
    const told = await api("config");
    const words = await more();
    if (!data.known) await loadMeter().catch(() => {});
    const table = {};
    for (const setting of told.settings) table[setting.key] = setting;
    const sections = words.sections.filter((one) => !one.keys.length || settingsOf(one).some((key) => table[key]));
    // A setting that the words do not know yet is shown all the same.
    const named = new Set(words.sections.flatMap(settingsOf));
    const others = Object.keys(table).filter((key) => !named.has(key));
    if (others.length) sections.push({id: "other", name: t("other"), about: "", keys: others});
    const here = sections.find((one) => one.id === asked) || (wide.matches ? sections[0] : null);
    list.replaceChildren(...sections.map((one) => h("a", {href: `#settings/${one.id}`,
      "aria-current": here === one ? "page" : null}, h("b", one.name), h("span", one.about))));
    box.classList.toggle("open", Boolean(here));
    if (here) await section(here, table, words);
  })().catch((problem) => offer(main, problem));

  async function section(one, table, words) {
    const widgets = [];
    const make = (key) => {
      const [name, help] = words.settings[key] || [key, ""];
      const widget = field(table[key], name, help, words);
      widgets.push(widget);
      return widget.node;
    };
    const present = (keys) => (keys || []).filter((key) => table[key]);
    const hidden = present(one.more);
    const form = h("form", {novalidate: true, onsubmit: (event) => { event.preventDefault(); save(); }},
      present(one.keys).map(make),
      hidden.length ? h("details.advanced", h("summary", t("advanced")), hidden.map(make)) : null);
    const extra = [];
    if (one.test) {
      extra.push(testPart(one.test, () => Object.fromEntries(changes().map((w) => [w.key, w.get()]))));
    }
    if (one.id === "page") extra.push(accountPart());
    if (one.id === "tls") extra.push(authorityPart());
    if (one.id === "update") extra.push(updatePart());
    if (one.id === "system") extra.push(systemPart());
    panel.replaceChildren(h("a.up", {href: "#settings"}, `‹ ${t("settings")}`),
      h("section.card", h("h2", {tabindex: -1}, one.name), one.about && h("p.note", one.about), form), ...extra);
    const changes = () => widgets.filter((widget) => widget.changed());
    const count = h("span", {role: "status"});
    const saveButton = h("button.main", {type: "button", onclick: () => save()}, t("save"));
    bar = h("div.savebar", {hidden: true}, count,
      h("button", {type: "button", onclick: () => widgets.forEach((w) => w.reset()) || look()}, t("discard")), saveButton);
    main.append(bar);
    const look = () => {
      const n = changes().length;
      bar.hidden = !n;
      document.body.classList.toggle("saving", Boolean(n));
      const text = t("changes", {n});
      if (count.textContent !== text) count.textContent = text;
    };
    form.addEventListener("input", look);
    form.addEventListener("change", look);
    form.addEventListener("click", () => setTimeout(look));
    leave = (event) => { if (changes().length) event.preventDefault(); };
    addEventListener("beforeunload", leave);

    async function save() {
      const wrong = changes().filter((widget) => !widget.check());
      if (wrong.length) {
        wrong[0].focus();
        return;
      }
      const sent = changes();
      if (!sent.length) return;
      const body = {};
      for (const widget of sent) body[widget.key] = widget.get();
      await doing(saveButton, async () => {
        try {
          const told = await api("config", body);
          for (const widget of sent) widget.settle();
          look();
          if (told.restart) restartBar();
          else notice(t("saved"));
        } catch (problem) {
          const widget = widgets.find((w) => w.key === problem.data?.key);
          if (!widget) throw problem;
          widget.say(allowedWords(widget.setting) || problem.message);
          widget.focus();
        }
      });
    }
  }

  return () => {
    document.body.classList.remove("saving");
    if (leave) removeEventListener("beforeunload", leave);
  };
}

// What was saved counts after a restart: one bar says so until it is done.
function restartBar() {
  if ($("#restart")) return;
  const button = h("button.main", {type: "button", onclick: () => doing(button, restart)}, t("restart.now"));
  const bar = h("div.restartbar", {id: "restart", role: "status"}, h("span", t("saved.restart")),
    h("button", {type: "button", onclick: () => bar.remove()}, t("restart.later")), button);
  document.body.append(bar);
}

// Restart the gateway, and come back when it answers again.
async function restart(to) {
  await api("restart", {});
  await comeBack(typeof to === "string" ? to : location.hash, t("restarting"));
}

async function comeBack(hash, words) {
  feed.want(false);
  $("#restart")?.remove();
  const line = h("p");
  const box = h("dialog.busy", h("h2", words), h("progress"), line);
  document.body.append(box);
  box.addEventListener("cancel", (event) => event.preventDefault());
  box.showModal();
  const start = Date.now();
  const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });
  await pause(2500);
  for (;;) {
    line.textContent = t("waiting.for", {span: span((Date.now() - start) / 1000)});
    try {
      await ask("session", {patience: 3000});
      break;
    } catch (problem) {
      if (problem.status) break;
    }
    if (Date.now() - start > 60000) line.textContent = t("waiting.long");
    await pause(1000);
  }
  location.hash = hash;
  location.reload();
}

// The words for what a setting may be.
function allowedWords({kind, allowed}) {
  if (kind === "choice" || kind === "bool") return t("allowed.choice");
  const [low, high] = allowed.split("..").map(Number);
  return t(`allowed.${kind}`, {low, high});
}

const SPELLED = {url: /^https?:\/\/[\w.-]+(:\d{1,5})?(\/[\w.~%?&=+,:/-]*)?$/, tags: /^([^=,]+=[^=,]+)(,[^=,]+=[^=,]+)*$/,
  host: /^[\w.:-]*$/, name: /^[A-Za-z0-9_-]*$/, topic: /^(?![/$])[^+# ]*$/,
  amount: /^\d+([.,]\d+)?$/, labels: /^(\*|[\w+.-]+(,[\w+.-]+)*)$/,
  address: /^(\d{1,3}\.){3}\d{1,3}$/, rule: /^\w+( *[+,] *\w+)*$/};

// Whether a value can be right; the gateway has the last word.
function allowed({kind, allowed: bounds, default: usual}, value) {
  if (kind === "bool" || kind === "choice") return true;
  const [low, high] = bounds.split("..").map(Number);
  if (kind === "int") return /^-?\d{1,9}$/.test(value) && value >= low && value <= high;
  if (value === "") return usual === "" || !low;
  const size = new TextEncoder().encode(value).length;
  return size >= low && size <= high && (!SPELLED[kind] || SPELLED[kind].test(value));
}

// A setting on the page: {key, node, get, changed, check, say, reset, settle, focus}
function field(setting, name, help, words) {
  const {key, kind} = setting;
  const id = `s-${key}`;
  const hint = h("p.help", {id: `${id}-h`}, help);
  const error = h("p.error", {id: `${id}-e`, role: "alert"});
  const described = `${id}-h ${id}-e`;
  const make = {bool: boolField, choice: choiceField, secret: secretField, labels: labelsField,
    prices: pricesField}[kind] || textField;
  const part = make(setting, id, described, words, name);
  let value = part.get();
  const say = (text) => {
    error.textContent = text;
    for (const input of part.inputs) {
      if (text) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
  };
  const group = part.group;
  const node = h(group ? "fieldset.field" : `div.field.k-${kind}`, {id: `${id}-f`},
    group ? h("legend", name) : h("label", {for: id}, name), part.node, hint, error);
  node.addEventListener("input", () => say(""));
  const widget = {
    key, setting, node, say, get: part.get,
    changed: () => part.get() !== value,
    check() {
      const right = part.check ? part.check() : allowed(setting, part.get());
      say(right ? "" : allowedWords(setting));
      return right;
    },
    reset() { part.set(value); say(""); },
    settle() { if (part.settle) part.settle(); value = part.get(); },
    focus() { node.closest("details")?.setAttribute("open", ""); part.inputs[0]?.focus(); },
  };
  node.addEventListener("focusout", (event) => {
    if (!node.contains(event.relatedTarget) && widget.changed()) widget.check();
  });
  return widget;
}

function textField({kind, allowed: bounds, value}, id, described) {
  const digits = kind === "int";
  const input = h("input", {id, type: "text", "aria-describedby": described, autocomplete: "off",
    spellcheck: "false", autocapitalize: "off",
    inputmode: digits ? (bounds.startsWith("-") ? "text" : "numeric") : kind === "amount" ? "decimal" : null,
    class: digits || kind === "amount" ? "short" : null});
  input.value = String(value);
  return {node: digits ? h("div.row.tight", input, h("span.note", bounds.replace("..", " – "))) : input,
    inputs: [input],
    get: () => digits && /^-?\d+$/.test(input.value.trim()) ? Number(input.value) : input.value.trim(),
    set: (v) => { input.value = String(v); }};
}

function boolField({value}, id, described) {
  const input = h("input", {id, type: "checkbox", role: "switch", "aria-describedby": described});
  input.checked = value;
  return {node: input, inputs: [input], get: () => input.checked, set: (v) => { input.checked = v; }};
}

function choiceField({key, allowed: bounds, value}, id, described) {
  const input = h("select", {id, "aria-describedby": described}, bounds.split("|").map((one) =>
    h("option", {value: one}, has(`choice.${key}.${one}`) ? t(`choice.${key}.${one}`)
      : has(`choice.${one}`) ? t(`choice.${one}`) : one)));
  input.value = value;
  return {node: input, inputs: [input], get: () => input.value, set: (v) => { input.value = v; }};
}

// A secret is never told: empty leaves it as it is, and a button takes it away.
function secretField({value}, id, described) {
  let set = value;
  let cleared = false;
  const input = h("input", {id, type: "password", autocomplete: "new-password", "aria-describedby": described,
    oninput: () => { cleared = false; show(); }});
  const clear = h("button.quiet", {type: "button", onclick: () => { input.value = ""; cleared = true; show(); }}, t("secret.clear"));
  const show = () => {
    clear.hidden = !set || cleared;
    input.placeholder = t(cleared ? "secret.gone" : set ? "secret.set" : "secret.none");
  };
  show();
  const get = () => input.value || cleared ? input.value : null;
  return {node: h("div.row.tight", input, clear), inputs: [input], get,
    set: () => { input.value = ""; cleared = false; show(); },
    settle: () => { set = Boolean(input.value); input.value = ""; cleared = false; show(); },
    check: undefined};
}

// The labels by mode and meaning: all, or those ticked; as text, too, for what no box stands for.
function labelsField(setting, id, described, words) {
  const chosen = new Set(setting.value === "*" ? [] : setting.value.split(","));
  const all = h("input", {id, type: "checkbox", role: "switch", "aria-describedby": described});
  const text = h("input", {type: "text", "aria-label": t("labels.text"), autocomplete: "off", spellcheck: "false"});
  const boxes = [];
  const choose = (labels, on) => {
    for (const label of labels) if (on) chosen.add(label); else chosen.delete(label);
    show();
  };
  const tick = (label) => {
    const box = h("input", {type: "checkbox", value: label, onchange: () => choose([label], box.checked)});
    boxes.push(box);
    return h("label.tick", box, h("code", label), h("span", words.labels[label][1]));
  };
  const group = (name, labels) => labels.length && h("fieldset", h("legend", name, " ",
    h("button.quiet", {type: "button", onclick: () => choose(labels, labels.some((label) => !chosen.has(label)))},
      t("tick.all"))), labels.map(tick));
  const modes = ["historique", "standard", "pmepmi"].map((mode) => {
    const labels = Object.keys(words.labels).filter((label) => words.labels[label][2].includes(mode[0]));
    const count = h("span.note");
    return {mode, labels, count, node: h("details", h("summary", t(`mode.${mode}`), " ", count),
      Object.entries(words.groups).map(([key, name]) =>
        group(name, labels.filter((label) => words.labels[label][0] === key))))};
  });
  const list = h("div.groups", modes.map((one) => one.node), h("details", h("summary", t("labels.text")), text));
  const get = () => all.checked ? "*" : [...chosen].sort().join(",");
  const show = () => {
    list.hidden = all.checked;
    for (const box of boxes) box.checked = chosen.has(box.value);
    for (const {labels, count} of modes) {
      const n = labels.filter((label) => chosen.has(label)).length;
      count.textContent = n ? `${n} / ${labels.length}` : t("labels.all");
    }
    if (document.activeElement !== text) text.value = [...chosen].sort().join(",");
  };
  const fill = (value) => {
    all.checked = value === "*";
    chosen.clear();
    choose(value.split(/[\s,]+/).filter((label) => label && label !== "*"), true);
  };
  all.addEventListener("change", show);
  text.addEventListener("input", () => {
    chosen.clear();
    choose(text.value.split(/[\s,]+/).filter(Boolean), true);
  });
  fill(setting.value);
  // The mode of the meter at hand stands open.
  api("labels").then((told) => {
    for (const one of modes) if (one.mode === told.mode) one.node.open = true;
  }).catch(() => {});
  return {node: h("div", h("label.tick", all, h("b", t("labels.all"))), list), inputs: [all], group: true, get, set: fill,
    check: () => get() !== "" && allowed(setting, get())};
}

// A price for each period that the meter has; without a meter as text.
function pricesField(setting, id, described) {
  const meter = data.meter || {};
  const known = {};
  for (const [, key, price] of setting.value.matchAll(/(\w+)\s*=\s*([\d.,]*\d)/g)) known[key] = price;
  const keys = Object.keys(meter).map((key) => /^period_(\w+)_wh$/.exec(key)?.[1]).filter(Boolean);
  if (keys.length && (meter.injected_wh !== undefined || meter.producer)) keys.push("injected");
  const all = [...new Set([...ordered(keys, meter), ...Object.keys(known)])];
  if (!all.length) return textField(setting, id, described);
  const inputs = {};
  const rows = all.map((key, n) => {
    const input = inputs[key] = h("input.short", {id: n ? `${id}-${key}` : id, inputmode: "decimal",
      autocomplete: "off", "aria-describedby": described, placeholder: language === "fr" ? "0,2516" : "0.2516"});
    input.value = known[key] || "";
    return h("div.price", h("label", {for: input.id}, swatch(toneOf(key, meter)),
      key === "injected" ? t("injected.sold") : periodName(key, meter)), input, h("span.note", "€/kWh"));
  });
  const get = () => all.filter((key) => inputs[key].value.trim()).map((key) => `${key}=${inputs[key].value.trim()}`).join(" ");
  return {node: h("div.prices", rows), inputs: Object.values(inputs), group: true, get,
    set: (v) => {
      for (const key of all) inputs[key].value = new RegExp(`\\b${key}\\s*=\\s*([\\d.,]*\\d)`).exec(v)?.[1] || "";
    },
    check: () => all.every((key) => /^(\d+([.,]\d{1,5})?)?$/.test(inputs[key].value.trim()))};
}

// A button that tries a destination as it stands on the page, and says what happened.
function testPart(name, values) {
  const line = h("p.result", {role: "status"});
  const button = h("button", {type: "button", onclick: () => doing(button, async () => {
    line.className = "result";
    line.textContent = t("test.trying");
    const told = await api(`test/${name}`, values(), {patience: 20000});
    line.className = `result ${told.ok ? "good" : "bad"}`;
    line.textContent = `${t(told.ok ? "test.ok" : "test.bad")}${t("colon")} ${await translated(told.words)}`;
  }).finally(() => { if (line.textContent === t("test.trying")) line.textContent = ""; })}, t(`test.${name}`));
  return h("section.card", button, line);
}

function accountPart() {
  const old = passwordField(t("password.old"), "current-password");
  const fresh = passwordField(t("password.new"), "new-password");
  const error = h("p.error", {role: "alert"});
  const button = h("button", {type: "submit"}, t("password.change"));
  const form = h("form", {onsubmit: (event) => {
    event.preventDefault();
    error.textContent = "";
    if ([...fresh.value()].length < 8) { error.textContent = t("password.short"); return; }
    doing(button, async () => {
      try {
        const told = await api("password", {old: old.value(), new: fresh.value()}, {patience: 30000, quiet: true});
        if (told.token) session.token = told.token;
        old.clear();
        fresh.clear();
        notice(t("password.changed"));
      } catch (problem) {
        if (problem.status === 429) await lockOut(error, problem.after);
        else error.textContent = problem.status === 400 || problem.status === 401 ? t("password.wrong") : problem.message;
      }
    });
  }}, old.node, fresh.node, error, button);
  return h("section.card", h("h2", t("password.change")), form);
}

// The certificate of the authority: chosen as a file or pasted, and what is known of the one here.
function authorityPart() {
  const known = h("p", {role: "status"});
  const text = h("textarea", {id: "ca", rows: 5, spellcheck: "false", autocomplete: "off",
    placeholder: "-----BEGIN CERTIFICATE-----"});
  const error = h("p.error", {role: "alert"});
  const file = h("input", {type: "file", id: "ca-file", accept: ".pem,.crt,.cer,.der"});
  let chosen = "";
  file.addEventListener("change", async () => {
    error.textContent = "";
    if (!file.files[0]) return;
    const octets = new Uint8Array(await file.files[0].arrayBuffer());
    const words = new TextDecoder().decode(octets);
    const readable = words.includes("-----BEGIN");
    chosen = readable ? "" : btoa(String.fromCharCode(...octets.slice(0, 6000)));
    text.value = readable ? words : t("ca.file", {name: file.files[0].name});
  });
  text.addEventListener("input", () => { chosen = ""; error.textContent = ""; });
  const show = (told) => {
    known.replaceChildren(...told.fingerprint
      ? [h("b", t("ca.here", {date: dated(Date.parse(told.until) / 1000, {dateStyle: "long"})})), h("br"), h("code", told.fingerprint)] : [t("ca.none")]);
    remove.hidden = !told.fingerprint;
  };
  const keep = h("button.main", {type: "button", onclick: () => doing(keep, async () => {
    try {
      show(await api("ca", {certificate: chosen || text.value}));
      text.value = chosen = file.value = "";
      notice(t("saved"));
    } catch (problem) {
      if (problem.status !== 400) throw problem;
      error.textContent = problem.message;
      text.focus();
    }
  })}, t("ca.keep"));
  const remove = h("button.quiet", {type: "button", hidden: true, onclick: () => doing(remove, async () => {
    show(await api("ca", {}, {method: "DELETE"}));
  })}, t("ca.remove"));
  api("ca").then(show).catch(() => {});
  return h("section.card", h("h2", t("ca.title")), h("p.note", t("ca.why")), known,
    h("div.field", h("label", {for: "ca-file"}, t("ca.choose")), file),
    h("div.field", h("label", {for: "ca"}, t("ca.paste")), text, error), h("p.row.tight", keep, remove));
}

function systemPart() {
  const key = passwordField(t("backup.password"), "off");
  const save = h("button", {type: "button", onclick: () => doing(save, async () => {
    const told = await api("backup", key.value() ? {password: key.value()} : {}, {patience: 30000});
    const link = h("a", {download: `${session.device || "ticgate"}-${new Date().toISOString().slice(0, 10)}.json`,
      href: URL.createObjectURL(new Blob([JSON.stringify(told, null, 1)], {type: "application/json"}))});
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    notice(t("backup.done"));
  })}, t("backup"));
  const file = h("input", {type: "file", id: "restore", accept: ".json,application/json"});
  const load = h("button", {type: "button", onclick: () => doing(load, async () => {
    if (!file.files[0]) throw new Error(t("restore.choose"));
    let content;
    try { content = JSON.parse(await file.files[0].text()); } catch { throw new Error(t("restore.bad")); }
    const told = await api("restore", {file: content, ...(key.value() ? {password: key.value()} : {})}, {patience: 30000});
    if (told.restart) restartBar();
    const unused = (told.unused || []).map((one) => one.key).join(", ");
    notice(unused ? t("restore.some", {keys: unused}) : t("restore.done"), unused);
  })}, t("restore"));
  const again = h("button", {type: "button", onclick: async () => {
    if (await confirmed(t("restart"), t("restart.why"), t("restart"))) doing(again, () => restart("#now"));
  }}, t("restart"));
  const factory = h("button.danger", {type: "button", onclick: async () => {
    const password = await confirmed(t("factory"), t("factory.why"), t("factory"), true);
    if (password !== false) {
      doing(factory, async () => {
        try {
          await api("factory", {password}, {patience: 30000, quiet: true});
        } catch (problem) {
          throw problem.status === 403 ? new Error(t("password.wrong")) : problem;
        }
        await comeBack("#setup", t("restarting"));
      });
    }
  }}, t("factory"));
  return h("div",
    h("section.card", h("h2", t("backup.title")), h("p.note", t("backup.why")), key.node,
      h("p", save), h("div.field", h("label", {for: "restore"}, t("restore.file")), file), h("p", load)),
    h("section.card", h("h2", t("restart")), h("p.note", t("restart.why")), h("p", again)),
    h("section.card", h("h2", t("setup")), h("p.note", t("setup.again.why")), h("p", h("a.button", {href: "#setup"}, t("setup.again")))),
    h("section.card", h("h2", t("factory")), h("p.note", t("factory.why")), h("p", factory)));
}
