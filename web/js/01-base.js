// Elements, words, numbers, and the way to the gateway.

const $ = (selector, root = document) => root.querySelector(selector);

// h("p.note", {id: "x", onclick: act}, "text", child, [more], null): an element; s() in SVG.
const h = (spec, ...rest) => fill(document.createElement(spec.split(".")[0]), spec, rest);
const s = (spec, ...rest) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", spec.split(".")[0]), spec, rest);

function fill(node, spec, rest) {
  const classes = spec.split(".").slice(1);
  if (classes.length) node.setAttribute("class", classes.join(" "));
  const first = rest[0];
  if (first && first.constructor === Object) {
    rest.shift();
    for (const [key, value] of Object.entries(first)) {
      if (value === undefined || value === null || value === false) continue;
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else node.setAttribute(key, value === true ? "" : value);
    }
  }
  node.append(...some(rest));
  return node;
}

const some = (children) => children.flat(9).filter((c) => c !== null && c !== undefined && c !== false);
const put = (node, ...children) => node.replaceChildren(...some(children));

// What the browser keeps for us; a private window may refuse.
const kept = {
  get(key) { try { return localStorage.getItem(key); } catch { return null; } },
  set(key, value) { try { localStorage.setItem(key, value); } catch { /* not kept */ } },
};

let language = kept.get("language")
  || ((navigator.languages || [navigator.language])[0].startsWith("fr") ? "fr" : "en");
if (!WORDS[language]) language = "en";

// The words of a key; {n} and others are put in; "one|many" is chosen by n.
function t(key, values = {}) {
  let text = WORDS[language][key];
  if (text === undefined) return key;
  if (text.includes("|") && "n" in values) {
    const n = Math.abs(values.n);
    text = text.split("|")[(language === "fr" ? n < 2 : n === 1) ? 0 : 1];
  }
  return text.replace(/\{(\w+)\}/g, (_, name) =>
    typeof values[name] === "number" ? num(values[name]) : values[name] ?? "");
}

const has = (key) => WORDS[language][key] !== undefined;

const settingsOf = (section) => [...section.keys, ...section.more || []];

// The words that only some pages need: labels and settings.
let later = {};
async function more() {
  if (later.language === language) return later;
  const answer = await fetch(`/${language}.json?v=${VERSION[language]}`);
  if (!answer.ok) throw new Error(t("unreachable"));
  const {labels, settings, sections, ...rest} = await answer.json();
  later = {...rest, language,
    labels: Object.fromEntries(KEYS.labels.map(([key, group, modes], n) => [key, [group, labels[n], modes]])),
    settings: Object.fromEntries(KEYS.sections.flatMap(settingsOf).map((key, n) => [key, settings[n]])),
    sections: KEYS.sections.map((one, n) => ({...one, ...sections[n]}))};
  return later;
}

// What the gateway says, which is English, in the page's language. What stands in the place of a
// {} may be such words again; of those that nothing is known of, nothing is changed.
function said(words) {
  if (later.language !== language) return words;
  const [, first, rest = ""] = /^(.+?)( \(\d.*)?$/s.exec(words || "") || [];  // rest: a server's words
  for (const [english, ours] of Object.entries(later.said || {})) {
    const found = new RegExp(`^${english}$`).exec(first);
    let n = 0;
    if (found) return ours.replaceAll("{}", () => said(found[++n])) + rest;
  }
  return words;
}

async function translated(words) {
  await more().catch(() => {});
  return said(words);
}

// Numbers as the language writes them.
const formats = {};
function num(value, digits = 0) {
  const key = language + digits;
  formats[key] ||= new Intl.NumberFormat(language === "fr" ? "fr-FR" : "en-GB",
    {minimumFractionDigits: digits, maximumFractionDigits: digits});
  return formats[key].format(value);
}

function money(value, digits = 2) {
  return language === "fr" ? `${num(value, digits)}\u00a0€` : `€${num(value, digits)}`;
}

function kwh(wh) {
  const most = Math.abs(wh);
  return `${num(wh / 1000, most < 10000 ? 2 : most < 1000000 ? 1 : 0)}\u00a0kWh`;
}

const kilo = (va) => num(va / 1000, va % 1000 ? 1 : 0);

// A span of seconds in its two largest units.
function span(seconds) {
  seconds = Math.max(0, Math.round(seconds));
  const parts = [[86400, t("unit.d")], [3600, "h"], [60, "min"], [1, "s"]];
  const at = parts.findIndex(([size]) => seconds >= size);
  if (at < 0) return "0\u00a0s";
  const words = [];
  for (const [size, unit] of parts.slice(at, at + 2)) {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    if (count) words.push(`${count}\u00a0${unit}`);
  }
  return words.join(" ");
}

const ago = (seconds) => t("ago", {span: span(seconds)});

// The gateway -----------------------------------------------------------------------------------

const session = {known: false, password: true, user: false, token: "", setup: false};

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(`/api/${path}`, {
      cache: "no-store", credentials: "same-origin",
      signal: AbortSignal.timeout(options.patience || 15000), ...options,
    });
  } catch {
    throw Object.assign(new Error(t("unreachable")), {status: 0, data: {}});
  }
  let data = {};
  try { data = await answer.json(); } catch { /* no words in it */ }
  if (answer.ok) return data;
  const after = Number(answer.headers.get("Retry-After") || data.seconds || 0);
  const words = answer.status === 429 ? t("wait", {span: span(after || 1)})
    : "percent" in data ? t("update.going", data) // words that are here: none can be had now
    : data.error ? await translated(data.error)
      : answer.status === 503 ? t("busy") : t("refused", {status: answer.status});
  throw Object.assign(new Error(words), {status: answer.status, data: data || {}, after});
}

async function greet() {
  Object.assign(session, {user: false, token: "", setup: false},
    await ask("session"), {known: true});
  dress();
  return session;
}

// GET, or POST when there is a body; asks for the password where it is needed.
async function api(path, body, options = {}) {
  for (let tries = 0; ; tries++) {
    const write = body !== undefined;
    if (write && !session.known) await greet();
    try {
      return await ask(path, write ? {
        method: "POST", body: JSON.stringify(body), ...options,
        headers: {"Content-Type": "application/json", "X-Token": session.token || ""},
      } : options);
    } catch (problem) {
      if ((problem.status !== 401 && !(write && problem.status === 403)) || tries || options.quiet) {
        throw problem;
      }
      await identify();
    }
  }
}

// One dialogue for the password, whoever needs it first.
let identifying = null;
function identify() {
  identifying ||= (async () => {
    await greet();
    if (!session.user) await passwordDialog();
  })().finally(() => { identifying = null; });
  return identifying;
}

function passwordDialog() {
  return new Promise((resolve, reject) => {
    const first = !session.password;
    const field = passwordField(t(first ? "password.new" : "password"),
      first ? "new-password" : "current-password");
    const error = h("p.error", {role: "alert"});
    const go = h("button.main", {type: "submit"}, t(first ? "password.choose" : "login"));
    const form = h("form", {method: "dialog"},
      h("h2", t(first ? "password.first" : "login.title")),
      h("p.note", t(first ? "password.first.why" : "login.why")),
      field.node, error,
      h("p.row.end", h("button", {type: "button", onclick: () => box.close()}, t("cancel")), go));
    const box = h("dialog", {onclose: () => { box.remove(); reject(new Cancelled()); }}, form);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      error.textContent = "";
      try {
        if (first && [...field.value()].length < 8) throw new Error(t("password.short"));
        go.disabled = true;
        await choose(first, field.value());
        resolve();
        box.close();
        dress();
      } catch (problem) {
        field.clear();
        if (problem.status === 429) await lockOut(error, problem.after);
        else error.textContent = problem.status === 401 || problem.status === 403
          ? t("password.wrong") : problem.message;
        field.focus();
      }
      go.disabled = false;
    });
    document.body.append(box);
    box.showModal();
    field.focus();
  });
}

class Cancelled extends Error {}

// Choose the first password, or log in.
async function choose(first, password) {
  const headers = {"Content-Type": "application/json", "X-Token": session.token || ""};
  const post = (path, body) =>
    ask(path, {method: "POST", headers, body: JSON.stringify(body), patience: 30000});
  const told = await post(first ? "password" : "login", first ? {new: password} : {password});
  if (told.token) Object.assign(session, {user: true, password: true, token: told.token});
  else await greet();
  if (!session.user) {
    Object.assign(session, {user: true}, await post("login", {password}));
  }
}

// Say how long to wait, second by second, while nothing can be tried.
function lockOut(line, seconds) {
  return new Promise((done) => {
    let left = Math.max(1, Math.ceil(seconds || 1));
    const tick = () => {
      line.textContent = left > 0 ? t("wait", {span: span(left)}) : "";
      if (left-- > 0) setTimeout(tick, 1000);
      else done();
    };
    tick();
  });
}

let fields = 0;
function passwordField(label, autocomplete) {
  const id = `f${++fields}`;
  const input = h("input", {id, type: "password", autocomplete, maxlength: 128});
  const show = h("button.quiet", {type: "button", "aria-pressed": "false", onclick: () => {
    const hidden = input.type === "password";
    input.type = hidden ? "text" : "password";
    show.setAttribute("aria-pressed", String(hidden));
  }}, t("show"));
  return {
    input, value: () => input.value, clear: () => { input.value = ""; },
    focus: () => input.focus(),
    node: h("div.field", h("label", {for: id}, label), h("div.row.tight", input, show)),
  };
}

// A line at the foot of the page, for a few seconds.
let noticeTimer;
function notice(words, bad) {
  const line = $("#notice");
  line.textContent = words;
  line.className = `shown${bad ? " bad" : ""}`;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => { line.className = ""; }, bad ? 8000 : 4000);
}

// Run what a button does: it cannot be pressed twice, and says what went wrong.
async function doing(button, act) {
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  try {
    return await act();
  } catch (problem) {
    if (!(problem instanceof Cancelled)) notice(problem.message, true);
  } finally {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
}

// Ask before something that cannot be taken back. -> whether, or with `secret` the password
function confirmed(title, words, action, secret) {
  return new Promise((resolve) => {
    const field = secret && passwordField(t("password"), "current-password");
    let answer = false;
    const box = h("dialog", {onclose: () => { box.remove(); resolve(answer); }},
      h("form", {method: "dialog", onsubmit: () => { answer = field ? field.value() : true; }},
        h("h2", title), h("p", words), field && field.node,
        h("p.row.end",
          h("button", {type: "button", onclick: () => box.close()}, t("cancel")),
          h("button.danger", {type: "submit"}, action))));
    document.body.append(box);
    box.showModal();
  });
}
