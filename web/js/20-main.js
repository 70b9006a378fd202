// The frame around the pages, and which of them is shown.

const PAGES = {now: pageNow, history: pageHistory, health: pageHealth, settings: pageSettings,
  setup: pageSetup, wall: pageWall};
const ICONS = {
  now: "M4 17a8.5 8.5 0 1 1 16 0M12 14l4-5",
  history: "M4 20V11M9.3 20V5M14.7 20v-7M20 20V8",
  health: "M3 12h4l3-7 4 14 3-7h4",
  settings: "M4 7h9M17 7h3M15 4.5v5M4 17h3M11 17h9M9 14.5v5",
};

let leavePage = null;

function dress() {
  document.documentElement.lang = language;
  const {status} = data;
  const name = session.name || status?.name || session.site || status?.site || session.device || status?.device || "ticgate";
  const other = language === "fr" ? "en" : "fr";
  $("#top").replaceChildren(
    h("a.skip", {href: "#main", onclick: (event) => { event.preventDefault(); $("#main").focus(); }}, t("skip.to")),
    h("b.name", name),
    h("button.quiet", {lang: other, "aria-label": t("language.other"), onclick: () => {
        language = other;
        kept.set("language", other);
        route();
      }}, other.toUpperCase()));
  const here = page();
  const links = Object.entries(ICONS).filter(([key]) => key !== "history" || data.modelled !== false);
  $("#nav").setAttribute("aria-label", t("pages"));
  $("#nav").replaceChildren(...links.map(([key, icon]) => h("a", {href: `#${key}`,
    "aria-current": key === here ? "page" : null},
  s("svg", {viewBox: "0 0 24 24", "aria-hidden": "true"}, s("path", {d: icon})), h("span", t(key)))));
  document.title = `${t(here)} · ${name}`;
}

const page = () => {
  const name = location.hash.slice(1).split("/")[0];
  return PAGES[name] ? name : "now";
};

async function logout() {
  await api("logout", {});
  Object.assign(session, {user: false, token: ""});
  location.hash = "#now";
  route();
}

function route() {
  if (leavePage) leavePage();
  document.querySelectorAll("dialog").forEach((box) => box.close());
  const main = $("#main");
  main.replaceChildren();
  main.className = `page-${page()}`;
  dress();
  const rest = location.hash.slice(1).split("/").slice(1).map(decodeURIComponent);
  leavePage = PAGES[page()](main, rest);
}

addEventListener("hashchange", () => {
  route();
  scrollTo(0, 0);
  $("#main").focus({preventScroll: true});
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden) feed.close();
  else if (feed.wanted) {
    feed.open();
    loadHour().catch(() => {});
  }
});
feed.event = (event) => notice(eventWords(event));
let dressed = "";
watchers.add(() => {
  const key = `${data.status?.name}${data.status?.site}${data.modelled}`;
  if (key !== dressed) { dressed = key; dress(); }
});
route();
