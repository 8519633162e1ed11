// Which files were chosen or dropped, under which path, and which ones cannot be uploaded and why.
(() => {
  "use strict";
  const LEFT_OUT = /(^|\/)(\.git|\.svn|__pycache__|\.DS_Store|Thumbs\.db)(\/|$)/;
  // A chosen folder is the model itself, so its own name is not part of the paths.
  const fromInput = (input) => [...input.files].map((file) => ({
    file,
    path: file.webkitRelativePath ? file.webkitRelativePath.split("/").slice(1).join("/") : file.name,
  }));
  const entries = (reader) => new Promise((resolve, reject) => reader.readEntries(resolve, reject));
  const walk = async (entry, path) => {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      return [{ file, path }];
    }
    const reader = entry.createReader();
    const found = [];
    for (let some = await entries(reader); some.length; some = await entries(reader)) {
      for (const child of some) found.push(...(await walk(child, path ? `${path}/${child.name}` : child.name)));
    }
    return found;
  };
  const fromDrop = async (transfer) => {
    const dropped = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry()).filter(Boolean);
    const alone = dropped.length === 1 && dropped[0].isDirectory;
    const found = await Promise.all(dropped.map((entry) => walk(entry, alone ? "" : entry.name)));
    return found.flat();
  };
  const problemOf = ({ file, path }, taken) => {
    if (LEFT_OUT.test(path)) return "it belongs to a tool, not to the model.";
    if (file.size === 0) return "it is empty.";
    if (taken.has(path)) return "it is already in the list.";
    const twin = [...taken].find((other) => other.toLowerCase() === path.toLowerCase());
    return twin ? `its name differs from ${twin} in upper and lower case only.` : "";
  };
  // After a reload the browser no longer has the files; it remembers which ones were not finished, and asks for them.
  const keep = (key, open) => {
    try {
      if (open.length) localStorage.setItem(key, JSON.stringify(open.map(({ path, size }) => ({ path, size }))));
      else localStorage.removeItem(key);
    } catch {
      // Without storage there is no reminder; the server still knows which parts it has.
    }
  };
  const remind = (key, form) => {
    let left = [];
    try { left = JSON.parse(localStorage.getItem(key) || "[]"); } catch { left = []; }
    if (!left.length) return;
    const names = left.slice(0, 5).map((file) => file.path).join(", ") + (left.length > 5 ? " …" : "");
    const note = Object.assign(document.createElement("div"), { className: "note info gap-below" });
    note.textContent = `${left.length} ${left.length === 1 ? "file is" : "files are"} not finished: ${names}. Choose the same files again; they continue where they stopped.`;
    note.dataset.uploadReminder = "";
    form.prepend(note);
  };
  window.marketplace = Object.assign(window.marketplace || {}, { uploadPick: { fromInput, fromDrop, problemOf }, uploadMemory: { keep, remind } });
})();
