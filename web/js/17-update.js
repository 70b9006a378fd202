// Updates: what runs, a file to send or one at an address, and what becomes of it.

function updatePart() {
  const state = h("div");
  const found = h("div");
  const far = h("div.field", {hidden: true});
  const file = h("input", {type: "file", id: "bundle", accept: ".bundle"});
  const show = (done) => {
    far.hidden = false;
    put(far, h("progress", {max: 100, value: done}), ` ${num(done)}\u00a0%`);
  };
  const press = (spec, words, act) => {
    const button = h(spec, {type: "button", onclick: () => doing(button, act)}, words);
    return button;
  };
  // act(words that confirm) installs, and gives what the gateway tells then.
  const install = (words, act) => press("button.main", words, async () => {
    try {
      const told = await insist(act);
      if (told) await comeBack("#settings/update", t("update.done", told));
    } catch (problem) {
      look(); // the reason stays there
      throw problem;
    } finally {
      far.hidden = true;
    }
  });
  const offer = (version) => put(found, h("p", t(version ? "update.newer" : "update.none", {version})),
    version && h("p", install(t("update.fetch", {version}), (words) => fetched(words, show))));
  const look = () => api("update").then((told) => {
    if (told.newer) offer(told.newer);
    put(state, h("p", t(told.trial ? "update.trial" : "update.now", told)),
      told.went_back && h("p.error", t("update.went", {version: told.went_back})),
      told.refused && h("p.error", t("update.refused", {words: said(told.refused)})),
      told.before && h("p", press("button", t("update.back", {version: told.before}), async () => {
        await api("update/back", {});
        await comeBack("#settings/update", t("restarting"));
      })));
  }).catch((problem) => notice(problem.message, true));
  look();
  return h("section.card", h("h2", t("version")), state, h("p.note", t("update.why")),
    h("div.field", h("label", {for: "bundle"}, t("update.file")), file),
    h("p", install(t("update.send"), (words) => {
      if (!file.files[0]) throw new Error(t("update.choose"));
      return upload(`update?${words}`, file.files[0], show);
    })),
    h("p", press("button", t("update.look"), async () =>
      offer((await api("update/check", {}, {patience: 60000})).version))), found, far);
}

// Have the gateway install what is at its address; show(percent) meanwhile.
async function fetched(words, show) {
  let met;
  let timer = setInterval(() => ask("update", {patience: 5000}).catch(({data}) => {
    if (timer && "percent" in data) show(met = data.percent);
  }), 2000);
  try {
    return await api(`update/fetch?${words}`, {}, {patience: 600000});
  } catch (problem) {
    // It goes on without us: what comes back is the outcome, or a page that waits for it.
    if (met >= 0 && !problem.status) await comeBack("#settings/update", problem.message);
    throw problem;
  } finally {
    timer = clearInterval(timer);
  }
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
function upload(path, file, show) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/${path}`);
    request.setRequestHeader("X-Token", session.token || "");
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => show(Math.min(100, 100 * event.loaded / file.size));
    request.onload = async () => {
      let told = {};
      try { told = JSON.parse(request.responseText); } catch { /* no words in it */ }
      if (request.status === 200) resolve(told);
      else reject(Object.assign(new Error(await translated(told.error) || t("refused", {status: request.status})), {data: told}));
    };
    request.onerror = () => reject(new Error(t("unreachable")));
    request.send(file);
  });
}
