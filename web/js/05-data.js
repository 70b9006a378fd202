// What the gateway has told, and the live feed.

const HOUR = 3600;
const data = {status: null, meter: null, energy: {}, live: {}, points: [], known: false};
const watchers = new Set();
const tell = (what) => { for (const watcher of [...watchers]) watcher(what); };

// Since when: a status tells ages, and time goes on.
const since = (seconds) => seconds + (Date.now() - data.heard) / 1000;

async function loadStatus() {
  data.before = data.status;
  data.status = await api("status");
  data.heard = Date.now();
  if (data.status.time) setNow(Date.parse(data.status.time) / 1000);
  tell("status");
  return data.status;
}

// The meter as the model has it; without the model, what a few labels say.
async function loadMeter() {
  const told = await api("meter");
  data.modelled = Boolean(told.meter);
  data.meter = told.meter;
  data.energy = told.energy || {};
  if (!told.meter) data.meter = ofLabels((await api("labels")).labels || []);
  data.known = true;
  tell("meter");
}

function ofLabels(labels) {
  const said = {};
  for (const {label, value} of labels) if (!(label in said)) said[label] = value;
  const number = (...names) => {
    for (const name of names) {
      const value = parseInt(said[name], 10);
      if (!Number.isNaN(value)) return value;
    }
    return undefined;
  };
  const meter = {};
  const put = (key, value) => { if (value !== undefined) meter[key] = value; };
  const drawn = number("SINSTS", "SINST1", "PAPP");
  const sent = number("SINSTI");
  put("apparent_va", drawn);
  put("injected_va", sent);
  put("net_va", sent ? -sent : drawn);
  put("minute_w", number("PA1MN"));
  const amps = number("ISOUSC");
  const phases = "IINST2" in said || "IRMS2" in said || "SINSTS2" in said ? 3 : 1;
  put("phases", phases);
  const agreed = number("PREF");
  put("subscribed_va", agreed ? agreed * 1000
    : amps && Math.round(amps * 200 * phases / 1000) * 1000);
  put("period_name", said.LTARF || (said.PTEC && said.PTEC.replace(/\.+$/, "")));
  for (const n of [1, 2, 3]) {
    put(`apparent_va_${n}`, number(`SINSTS${n}`));
    put(`current_a_${n}`, number(`IINST${n}`) ?? number(`IRMS${n}`));
    put(`voltage_v_${n}`, number(`URMS${n}`));
  }
  if (meter.current_a_1 === undefined) put("current_a_1", number("IINST"));
  put("stge", said.STGE);
  return meter;
}

// The last hour, from the gateway's own minutes; live points come behind them.
async function loadHour() {
  if (!data.modelled) return;
  const to = Math.ceil(now());
  try {
    const told = await api(`history?kind=minute&from=${to - HOUR - 120}&to=${to}&step=60`);
    const rows = told.rows || [];
    const end = rows.length ? rows[rows.length - 1][0] + 60 : 0;
    data.points = [...rows.map(([at, va]) => [at + 30, va]), ...data.points.filter(([at]) => at > end)];
    tell("hour");
  } catch (problem) {
    if (problem.status === 401 || problem.status === 0) throw problem;
  }
}

// The power that is the headline: {value, unit, beside, subscribed}.
function headline() {
  const meter = data.meter || {};
  const live = data.live;
  const fresh = live.at && Date.now() - live.at < 60000;
  let value = fresh ? power(live) : undefined;
  let unit = "VA";
  let subscribed = meter.subscribed_va;
  if (value === undefined) value = meter.net_va ?? meter.apparent_va;
  let beside = "";
  const watts = (fresh ? live.w : undefined) ?? data.energy.active_w;
  if (value === undefined) {
    value = watts ?? meter.minute_w;
    unit = "W";
    subscribed = meter.subscribed_w || subscribed;
  } else if (watts !== undefined && watts !== null && value >= 0) {
    beside = t("about.w", {w: watts});
  }
  return {value, unit, beside, subscribed, stale: data.stale};
}

const power = (frame) => frame.net_va ?? (frame.injected_va ? -frame.injected_va : frame.va);

function take(frame) {
  const at = frame.t || now();
  if (frame.t) setNow(frame.t);
  data.live = {...frame, at: Date.now()};
  data.stale = false;
  const value = power(frame) ?? frame.w;
  if (value !== undefined && value !== null) {
    const {points} = data;
    const last = points[points.length - 1];
    if (last && at < last[0] - 600) points.length = 0; // the clock was wrong
    if (!last || at > last[0]) points.push([at, value]);
    thin(points, at);
  }
  if (frame.period && data.meter && frame.period !== data.meter.period) {
    loadMeter().catch(() => {});
  }
  tell("live");
}

// Each frame of the last ten minutes, a mean of ten seconds before, nothing older than an hour.
function thin(points, at) {
  while (points.length && points[0][0] < at - HOUR - 60) points.shift();
  if (points.length < 700) return;
  const mean = [];
  for (const [when, va] of points) {
    const last = mean[mean.length - 1];
    if (when < at - 600 && last && Math.floor(when / 10) === Math.floor(last[0] / 10)) {
      last[1] += (va - last[1]) / (last[2] += 1);
    } else {
      mean.push([when, va, 1]);
    }
  }
  data.points = mean.map(([when, va]) => [when, Math.round(va)]);
}

// The feed: one for all pages, closed while nobody looks. Without it, a question every 10 s.
const feed = {
  source: null, timer: 0, wanted: false, event() {},
  want(wanted) {
    this.wanted = wanted;
    if (wanted && !document.hidden) this.open();
    else this.close();
  },
  open() {
    if (this.source) return;
    const source = this.source = new EventSource("/api/live");
    source.addEventListener("now", (event) => {
      clearTimeout(this.timer);
      take(JSON.parse(event.data));
      this.timer = setTimeout(() => this.quiet(), 20000);
    });
    source.addEventListener("event", (event) => this.event(JSON.parse(event.data)));
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED) return;
      this.source = null;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.poll(), 5000);
    };
  },
  quiet() {
    data.stale = true;
    tell("live");
  },
  async poll() {
    if (!this.wanted || document.hidden) return;
    try {
      await loadMeter();
      this.open();
    } catch {
      this.quiet();
      this.timer = setTimeout(() => this.poll(), 10000);
    }
  },
  close() {
    clearTimeout(this.timer);
    if (this.source) this.source.close();
    this.source = null;
  },
};

// What is wrong, the worst first: [{level: "bad" or "warm", words}]; empty is a sound gateway.
function troubles(status) {
  const found = [];
  const add = (level, words) => found.push({level, words});
  const tic = status.tic || {};
  if (tic.state && tic.state !== "reading") add("bad", t(`tic.${tic.state}.short`));
  else if (status.last_frame_age > 60) add("bad", t("frame.late", {span: span(status.last_frame_age)}));
  const share = errorShare(status);
  if (share >= 0.005) add("warm", t("errors.share", {share: percent(share)}));
  if (status.mqtt && !status.mqtt.connected) {
    add("bad", t("mqtt.down"));
  }
  for (const [name, one] of [["InfluxDB", status.influx], ["HTTP POST", status.post],
    ["Modbus TCP", status.modbus], [t("raw.tic"), status.raw_tic]]) {
    if (one && !one.working && (one.failures || one.error)) add("bad", t("destination.down", {name}));
  }
  const network = status.network || {};
  if (network.state === "down" && !status.setup) add("bad", t("network.down"));
  if (network.rssi < -82) add("warm", t("network.weak"));
  for (const [name, task] of Object.entries(status.tasks || {})) {
    if (task.failures && task.error && !["mqtt", "wifi", "network", "ntp"].includes(name)) {
      add("warm", t("task.failed", {name}));
    }
  }
  if (status.history && (status.history.error || status.history.dropped)) add("warm", t("history.bad"));
  if (status.safe) add("bad", t("safe"));
  if (status.went_back) add("warm", t("update.went", {version: status.went_back}));
  if (status.failed_starts) add("warm", t("update.failed", {n: status.failed_starts}));
  if (status.setup) add("warm", t("setup.on"));
  return found.sort((a, b) => (a.level === "warm") - (b.level === "warm"));
}

const CAUSES = ["parity", "checksum", "format", "unknown_label", "width", "alphabet", "backwards",
  "jump", "identity", "overflow", "eot"];

// Groups that were damaged on the way, of all: 0 to 1; since the last look, or since the start.
function errorShare(status) {
  const counters = status.counters || {};
  const before = (data.before && data.before !== status && data.before.counters) || {};
  const more = (name) => Math.max(0, (counters[name] || 0) - (before[name] || 0));
  const damaged = more("parity") + more("checksum") + more("format");
  const all = damaged + more("groups");
  return all > 20 ? damaged / all : 0;
}

const percent = (share) => share > 0 && share < 0.001 ? `<\u00a0${num(0.1, 1)}\u00a0%`
  : `${num(share * 100, share < 0.1 ? 1 : 0)}\u00a0%`;
