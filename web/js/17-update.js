// Updates: what runs, a file to send, and what becomes of it.

function updatePart() {
  const state = h("div");
  const file = h("input", {type: "file", id: "bundle", accept: ".bundle"});
  const bar = h("progress", {max: 1, value: 0, hidden: true});
  const button = h("button.main", {type: "button", onclick: () => doing(button, async () => {
    if (!file.files[0]) throw new Error(t("update.choose"));
    const told = await insist((words) => upload(`update?${words}`, file.files[0], bar));
    if (told) await comeBack("#settings/update", t("update.done", told));
  })}, t("update.send"));
  const found = h("div");
  const offer = (version) => {
    const go = h("button.main", {type: "button", onclick: () => doing(go, async () => {
      const told = await insist(async (words) => api(`update/fetch?${words}`, {}, {patience: 600000}));
      if (told) await comeBack("#settings/update", t("update.done", told));
    })}, t("update.fetch", {version}));
    put(found, h("p", t(version ? "update.newer" : "update.none", {version})), version && h("p", go));
  };
  const look = h("button", {type: "button", onclick: () => doing(look, async () =>
    offer((await api("update/check", {}, {patience: 60000})).version))}, t("update.look"));
  api("update").then((told) => {
    if (told.newer) offer(told.newer);
    const back = told.before && h("button", {type: "button", onclick: () => doing(back, async () => {
      await api("update/back", {});
      await comeBack("#settings/update", t("restarting"));
    })}, t("update.back", {version: told.before}));
    put(state, h("p", t(told.trial ? "update.trial" : "update.now", told)),
      told.went_back && h("p.error", t("update.went", {version: told.went_back})), back && h("p", back));
  }).catch((problem) => notice(problem.message, true));
  return h("section.card", h("h2", t("version")), state, h("p.note", t("update.why")),
    h("div.field", h("label", {for: "bundle"}, t("update.file")), file), bar, h("p", button),
    h("p", look), found);
}

// What the gateway does not like is asked about, once each. null: the owner does not want to.
async function insist(act, words = []) {
  try {
    return await act(words.map((word) => `${word}=1`).join("&"));
  } catch (problem) {
    const {confirm} = problem.data || {};
    if (!confirm || words.includes(confirm)) throw problem;
    if (!await confirmed(t("update.anyway"), t(`update.${confirm}`), t("update.anyway"))) return null;
    return insist(act, [...words, confirm]);
  }
}

// POST a file with progress, which fetch() does not tell.
function upload(path, file, bar) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const end = () => { bar.hidden = true; };
    request.open("POST", `/api/${path}`);
    request.setRequestHeader("X-Token", session.token || "");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => { bar.hidden = false; bar.value = event.loaded / file.size; };
    request.onload = async () => {
      end();
      let told = {};
      try { told = JSON.parse(request.responseText); } catch { /* no words in it */ }
      if (request.status === 200) resolve(told);
      else reject(Object.assign(new Error(await translated(told.error) || t("refused", {status: request.status})), {data: told}));
    };
    request.onerror = () => { end(); reject(new Error(t("unreachable"))); };
    request.send(file);
  });
}
