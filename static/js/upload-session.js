// The upload of one file: opens or finds its session, sends what the server lacks, three parts at a time over all files.
(() => {
  "use strict";
  const ROOT = "/api/v1/uploads";
  const { partSlots, digestOf, uploadRequest } = window.marketplace;
  class UploadSession {
    constructor({ file, path, model, version, worker, onchange }) {
      Object.assign(this, { file, path, model, version, workerUrl: worker, onchange, state: "waiting", problem: "", id: null, sent: 0, moving: new Map() });
      this.control = new AbortController();
    }
    get size() { return this.file.size; }
    get bytes() { return Math.min(this.size, this.sent + [...this.moving.values()].reduce((sum, n) => sum + n, 0)); }
    get active() { return ["hashing", "uploading", "offline", "verifying"].includes(this.state); }
    set(state, problem = "") {
      if (["uploading", "hashing", "verifying"].includes(state)) this.phase = state;
      Object.assign(this, { state, problem });
      this.onchange(this);
    }
    call(signal, method, url, more = {}) {
      const away = (gone) => { if (this.active && !signal.aborted) this.set(gone ? "offline" : this.phase); };
      return uploadRequest({ method, url, signal, ...more }, away);
    }
    digest() {
      const onprogress = (done) => { this.hashed = done; if (this.state === "hashing") this.onchange(this); };
      return (this.hash ||= digestOf(this.workerUrl, this.file, onprogress));
    }
    async start() {
      if (this.active || this.state === "done") return;
      const control = new AbortController();
      this.control = control;
      try {
        await this.run(control);
      } catch (error) {
        // An earlier run that was paused ends here too; only the present one may change the state.
        if (control !== this.control || ["paused", "cancelled"].includes(this.state)) return;
        this.differs = Boolean(error.differs);
        this.set("failed", (control.signal.reason?.unreadable || error).message);
      }
    }
    async run(control) {
      const { signal } = control;
      this.set("uploading");
      const digest = this.digest();
      digest.catch((error) => { this.hash = null; control.abort({ unreadable: error }); });
      const { model, version, path, size } = this;
      const opened = await this.call(signal, "POST", ROOT, { json: { model, version, path, size, sha256: null } });
      this.id = opened.id;
      if (opened.state === "open") await this.sendMissing(opened, signal);
      this.sent = this.size;
      this.set("hashing");
      const sha256 = await digest;
      if (signal.aborted) return;
      this.set("verifying");
      if (opened.state === "open") await this.call(signal, "POST", `${ROOT}/${this.id}/complete`, { json: { sha256 } });
      this.set("done");
    }
    async sendMissing({ part_size: part, received }, signal) {
      const there = new Set(received);
      const length = (n) => Math.min(part, this.size - n * part);
      const missing = Array.from({ length: Math.ceil(this.size / part) }, (_, n) => n).filter((n) => !there.has(n));
      this.moving.clear();
      this.sent = this.size - missing.reduce((sum, n) => sum + length(n), 0);
      const sender = async () => {
        for (let n = missing.shift(); n !== undefined; n = missing.shift()) await this.sendPart(n, n * part, length(n), signal);
      };
      await Promise.all(Array.from({ length: partSlots.most }, sender));
    }
    async sendPart(n, from, length, signal) {
      await partSlots.take();
      try {
        signal.throwIfAborted();
        const onbytes = (count) => { if (!signal.aborted) this.moving.set(n, Math.min(count, length)); this.onchange(this); };
        await this.call(signal, "PUT", `${ROOT}/${this.id}/parts/${n}`, { body: this.file.slice(from, from + length), onbytes });
        this.sent += length;
      } finally {
        if (!signal.aborted) this.moving.delete(n);
        partSlots.free();
        this.onchange(this);
      }
    }
    pause() {
      if (this.active || this.state === "waiting") this.set("paused");
      this.control.abort();
    }
    cancel() {
      this.set("cancelled");
      this.control.abort();
      return this.forget();
    }
    async forget() {
      if (this.id) await uploadRequest({ method: "DELETE", url: `${ROOT}/${this.id}`, signal: AbortSignal.timeout(10_000) }).catch(() => null);
      Object.assign(this, { id: null, sent: 0 });
    }
    again() {
      this.hash = null;
      return this.differs ? this.forget().then(() => this.start()) : this.start();
    }
  }
  window.marketplace = Object.assign(window.marketplace || {}, { UploadSession });
})();
