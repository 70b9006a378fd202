// French legal time, whatever the clock of the browser is set to.

const ZONE = "Europe/Paris";
const civil = new Intl.DateTimeFormat("en-GB", {timeZone: ZONE, hourCycle: "h23", year: "numeric",
  month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric"});

// {year, month, day, hour, minute, second} of a unix time in seconds.
function local(at) {
  const parts = {};
  for (const {type, value} of civil.formatToParts(at * 1000)) parts[type] = Number(value);
  return parts;
}

// The unix time of a local moment; month 13 and day 0 are understood.
function instant(year, month, day, hour = 0) {
  const wanted = Date.UTC(year, month - 1, day, hour) / 1000;
  let at = wanted;
  for (let turn = 0; turn < 2; turn++) {
    const c = local(at);
    at += wanted - Date.UTC(c.year, c.month - 1, c.day, c.hour, c.minute, c.second) / 1000;
  }
  return at;
}

const pad = (n) => String(n).padStart(2, "0");

function clock(at, seconds) {
  const c = local(at);
  return `${pad(c.hour)}:${pad(c.minute)}${seconds ? `:${pad(c.second)}` : ""}`;
}

function dated(at, options) {
  return new Intl.DateTimeFormat(language === "fr" ? "fr-FR" : "en-GB",
    {timeZone: ZONE, ...options}).format(at * 1000);
}

const moment = (at) => `${dated(at, {day: "numeric", month: "short"})} ${clock(at, true)}`;

// Now by the clock of the gateway, once it has told; by ours before.
let skew = 0;
const now = () => Date.now() / 1000 + skew;

function setNow(at) {
  if (at > 1e9) skew = at - Date.now() / 1000;
}
