// Expert: phases side by side, registers in words, every label.

const BITS = ["contact_open", "cutoff", "cover_open", "overvoltage", "injecting", "producer",
  "clock_degraded", "supplier_index", "operator_index", "euridis", "plc", "plc_synchronised",
  "overload", "peak_notice", "peak"];

function expertPart() {
  const node = h("div");
  const phases = h("section.card", {hidden: true});
  const registers = h("section.card", {hidden: true});
  const search = h("input", {type: "search", id: "find", placeholder: t("labels.find"),
    "aria-label": t("labels.find"), oninput: () => filter()});
  const body = h("tbody");
  const count = h("span.note");
  const table = h("section.card", h("h2", t("labels"), " ", count),
    search,
    h("div.scroll", {tabindex: 0, role: "region", "aria-label": t("labels")},
      h("table.labels", h("thead", h("tr", ["label", "meaning", "value", "unit", "age"].map(
        (key) => h("th", {scope: "col"}, t(`col.${key}`))))), body)));
  node.append(phases, registers, table);
  let rows = [];
  let timer;

  async function refresh() {
    try {
      const [told, words] = await Promise.all([api("labels"), more()]);
      rows = told.labels.map((entry) => ({...entry, meaning: (words.labels[entry.label] || [])[1] || ""}));
      filter();
    } catch { /* the next look will tell */ }
    timer = setTimeout(refresh, 5000);
  }

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = rows.filter(({label, meaning, value}) => {
      const text = `${label} ${meaning} ${value ?? ""}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
    count.textContent = shown.length === rows.length ? String(rows.length)
      : t("of", {n: shown.length, all: rows.length});
    body.replaceChildren(...shown.map((row) => h("tr",
      h("th", {scope: "row"}, row.label),
      h("td", row.meaning),
      h("td.raw", row.private ? h("span.note", t("private")) : row.value ?? "", row.at && h("span.at", ` ${row.at.replace("T", " ")}`),
        row.degraded && h("span.warm", ` ${t("clock.degraded")}`)),
      h("td.unit-of", row.unit),
      h("td.number", span(row.age)))));
  }

  function show(what) {
    const {meter} = data;
    if (!meter || what === "hour") return;
    const live = data.live;
    const cells = (key, own) => [1, 2, 3].map((n) => (own && live[`${own}_${n}`]) ?? meter[`${key}_${n}`]);
    const lines = [["apparent", cells("apparent_va", "va"), "VA"], ["current", cells("current_a"), "A"],
      ["voltage", cells("voltage_v"), "V"], ["load", cells("load_percent"), "%"],
      ["highest", cells("maximum_va"), "VA"]]
      .filter(([, values]) => values.some((value) => value !== undefined && value !== null));
    const wide = meter.phases === 3 || lines.some(([, values]) => values[1] !== undefined) ? 3 : 1;
    phases.hidden = !lines.length;
    phases.replaceChildren(h("h2", t(wide === 3 ? "phases" : "phase")), h("table.phases",
      wide === 3 && h("thead", h("tr", h("td"), [1, 2, 3].map((n) => h("th", {scope: "col"}, t("phase.n", {key: String(n)}))))),
      h("tbody", lines.map(([key, values, unit]) => h("tr", h("th", {scope: "row"}, t(`phase.${key}`)),
        values.slice(0, wide).map((value) => h("td.number", value === undefined || value === null ? ""
          : `${num(value)}\u00a0${unit}`)))))));
    if (what !== "live") showRegisters(meter);
  }

  function showRegisters(meter) {
    const said = BITS.filter((key) => meter[key] !== undefined).map((key) => {
      const value = meter[key];
      const words = value === true ? t("yes") : value === false ? t("no")
        : has(`bit.${value}`) ? t(`bit.${value}`) : String(value);
      return [t(`reg.${key}`), words];
    });
    for (let n = 1; n <= 8; n++) {
      const closed = meter[`relay_${n}`];
      if (closed !== undefined) {
        said.push([n === 1 ? t("relay.dry") : t("relay.n", {key: String(n - 1)}),
          t(closed ? "relay.closed" : "relay.open")]);
      }
    }
    for (const key of ["message_short", "message", "maker", "year", "type", "contract_name"]) {
      if (meter[key] !== undefined) said.push([t(`reg.${key}`), String(meter[key])]);
    }
    registers.hidden = !said.length;
    registers.replaceChildren(h("h2", `${t("registers")} `, meter.stge && h("code", `STGE ${meter.stge}`)),
      h("dl.pairs.wide", said.map(([name, words]) => h("div", h("dt", name), h("dd", words)))));
  }

  refresh();
  show("meter");
  return {node, show, end: () => clearTimeout(timer)};
}
