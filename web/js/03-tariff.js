// Tariff periods: their tone, their name, their order.

const TONES = ["base", "hc", "hp", "hn", "pm", "hcjb", "hpjb", "hcjw", "hpjw", "hcjr", "hpjr",
  "x0", "x1", "x2", "x3", "injected"];
const SAME = {hch: "hc", hce: "hc", hcd: "hc", hph: "hp", hpe: "hp", hpd: "hp", p: "pm", th: "base"};

// Which colour and pattern a period has: one of TONES.
function tone(key, name = "") {
  if (TONES.includes(key)) return key;
  if (SAME[key]) return SAME[key];
  const words = (name || "").toUpperCase();
  const off = /CREUSE|\bHC/.test(words);
  const peak = /PLEINE|\bHP/.test(words);
  const day = /BLEU|JB\b/.test(words) ? "jb" : /BLANC|JW\b/.test(words) ? "jw"
    : /ROUGE|JR\b/.test(words) ? "jr" : "";
  if (off || peak) return (off ? "hc" : "hp") + day;
  if (/POINTE/.test(words)) return "pm";
  if (/NORMALE/.test(words)) return "hn";
  if (/BASE|TOUTES/.test(words)) return "base";
  const number = parseInt(key, 10);
  return `x${Number.isNaN(number) ? [...key].reduce((n, c) => n + c.charCodeAt(0), 0) % 4
    : (number + 3) % 4}`;
}

// What a period is called: in words where it is one of the usual, else as the meter says.
function periodName(key, meter) {
  const said = meter && (meter[`period_${key}_name`] || ((meter.period || "") === key && meter.period_name));
  const kind = tone(key, said || "");
  if (SAME[key] && key !== "th") return t(`period.${key}`);
  if (has(`tone.${kind}`)) return t(`tone.${kind}`);
  return said ? said[0] + said.slice(1).toLowerCase() : t("period.n", {key});
}

const toneOf = (key, meter) => tone(key, meter && (meter[`period_${key}_name`]
  || (meter.period === key && meter.period_name) || ""));

// Keys of periods in the order of their tones.
function ordered(keys, meter) {
  const place = (key) => TONES.indexOf(toneOf(key, meter));
  return [...keys].sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
}

// A word on its colour: blue, white, red.
const pill = (colour) => h(`span.pill.${colour}`, t(`colour.${colour}`));

// A square in the period's colour and pattern.
function swatch(kind) {
  return s("svg.swatch", {viewBox: "0 0 14 14", "aria-hidden": "true"},
    s(`rect.p-${kind}`, {x: 1, y: 1, width: 12, height: 12, rx: 3}),
    kind.startsWith("hc") && s("path.hatch", {d: "M2 9 9 2M5 13 13 5"}));
}

// The line under the gauge: what counts now, until when, and what comes.
function periodLine(meter) {
  if (!meter.period && !meter.period_name) return null;
  const key = meter.period || "";
  const words = [swatch(tone(key, meter.period_name)), h("b", periodName(key, meter))];
  const minute = meter.next_change_minute;
  if (minute !== undefined) {
    words.push(" ", t("until", {time: `${pad(Math.floor(minute / 60) % 24)}:${pad(minute % 60)}`}));
  }
  const line = [h("span", words)];
  if (meter.tomorrow) line.push(h("span", t("tomorrow"), " ", pill(meter.tomorrow)));
  if (meter.peak) line.push(h("span.warm", t("peak.on")));
  else if (meter.peak_notice) line.push(h("span.warm", t("peak.soon")));
  return h("p.period", line);
}
