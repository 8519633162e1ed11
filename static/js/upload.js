// Forms marked data-upload: choose, drop, watch, pause and continue; without JavaScript the same form posts the files at once.
(() => {
  "use strict";
  const M = window.marketplace;
  const ABREAST = 3;
  const MARKS = [25, 50, 75, 100];
  class UploadForm {
    constructor(form) {
      this.form = form;
      this.list = form.querySelector("[data-upload-list]");
      this.overall = form.querySelector("[data-upload-overall]");
      this.rows = new Map();
      this.pace = new M.UploadPace();
      this.key = `uploads:${form.dataset.model}@${form.dataset.version}`;
      this.said = 0;
      form.addEventListener("submit", (event) => event.preventDefault());
      for (const button of form.querySelectorAll("[data-pick]")) {
        const input = form.querySelector(`#${button.dataset.pick}`);
        button.addEventListener("click", () => input.click());
        input.addEventListener("change", () => { this.add(M.uploadPick.fromInput(input)); input.value = ""; });
      }
      for (const button of form.querySelectorAll("[data-upload-all]")) {
        button.addEventListener("click", () => this.all(button.dataset.uploadAll));
      }
      this.drop(form.querySelector("[data-drop]"));
      M.uploadMemory.remind(this.key, form);
      window.addEventListener("beforeunload", (event) => { if (this.sessions().some((s) => s.active)) event.preventDefault(); });
    }
    sessions() { return [...this.rows.keys()].filter((session) => session.state !== "refused"); }
    drop(zone) {
      const over = (on) => (event) => { event.preventDefault(); zone.classList.toggle("over", on); };
      zone.addEventListener("dragover", over(true));
      zone.addEventListener("dragleave", over(false));
      zone.addEventListener("drop", async (event) => {
        over(false)(event);
        this.add(await M.uploadPick.fromDrop(event.dataTransfer));
      });
    }
    add(picked) {
      const { model, version, worker } = this.form.dataset;
      for (const { file, path } of picked.sort((a, b) => a.file.size - b.file.size)) {
        const waiting = this.sessions().find((s) => s.path === path && s.state !== "cancelled");
        const taken = new Set(this.sessions().filter((s) => s.state !== "cancelled").map((s) => s.path));
        if (waiting?.state === "failed" && waiting.size === file.size) { waiting.file = file; waiting.again(); continue; }
        const session = new M.UploadSession({ file, path, model, version, worker, onchange: (s) => this.changed(s) });
        session.problem = M.uploadPick.problemOf({ file, path }, taken);
        if (session.problem) session.state = "refused";
        const row = new M.UploadRow(session, (name, s) => this.act(name, s));
        this.rows.set(session, row);
        this.list.querySelector("tbody").append(row.row);
      }
      this.list.hidden = this.rows.size === 0;
      this.form.querySelector("[data-upload-reminder]")?.remove();
      M.announce(`${this.sessions().length} files in the list`);
      this.next();
    }
    act(name, session) {
      ({ pause: () => session.pause(), resume: () => session.start(), retry: () => session.again(), cancel: () => session.cancel() })[name]();
    }
    all(name) {
      this.held = name === "pause";
      for (const session of this.sessions()) if (name === "pause" || session.state === "paused") this.act(name, session);
      this.next();
    }
    next() {
      const active = this.sessions().filter((s) => s.active).length;
      if (this.held) return;
      for (const session of this.sessions().filter((s) => s.state === "waiting").slice(0, Math.max(0, ABREAST - active))) session.start();
    }
    changed(session) {
      this.rows.get(session)?.render();
      this.total();
      if (session.seen === session.state) return;
      session.seen = session.state;
      if (session.state === "failed") M.announce(`${session.path} failed: ${session.problem}`);
      M.uploadMemory.keep(this.key, this.sessions().filter((s) => !["done", "cancelled"].includes(s.state)));
      if (!session.active) queueMicrotask(() => this.next());
      const open = this.sessions().filter((s) => s.state !== "cancelled");
      if (open.length && open.every((s) => s.state === "done")) this.finished();
    }
    total() {
      const counted = this.sessions().filter((s) => s.state !== "cancelled");
      const [all, sent] = [counted.reduce((n, s) => n + s.size, 0), counted.reduce((n, s) => n + s.bytes, 0)];
      const share = all ? Math.floor((100 * sent) / all) : 0;
      this.pace.note(sent);
      const done = counted.filter((s) => s.state === "done").length;
      this.overall.textContent = `${done} of ${counted.length} files, ${M.sizeWords(sent)} of ${M.sizeWords(all)} (${share} %)${share < 100 ? this.pace.words(all - sent) : ""}`;
      const mark = MARKS.filter((m) => m <= share).at(-1) || 0;
      if (mark > this.said) M.announce(`${mark} percent uploaded`);
      this.said = Math.max(mark, this.said);
    }
    finished() {
      this.form.dispatchEvent(new CustomEvent("upload:done", { bubbles: true }));
      if (this.form.dataset.done) location.assign(this.form.dataset.done);
    }
  }
  const setUp = () => { for (const form of document.querySelectorAll("form[data-upload]:not([data-ready])")) { form.dataset.ready = ""; new UploadForm(form); } };
  document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", setUp) : setUp();
  document.addEventListener("htmx:load", setUp);
})();
