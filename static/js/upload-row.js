// One row of the upload table: what happens to the file, how far it is, and what can be done.
(() => {
  "use strict";
  const UNITS = ["B", "kB", "MB", "GB", "TB"];
  const size = (bytes) => {
    let [value, step] = [bytes, 0];
    for (; value >= 1000 && step < UNITS.length - 1; step += 1) value /= 1000;
    return `${step && value < 100 ? value.toFixed(1) : Math.round(value)} ${UNITS[step]}`;
  };
  // Speed over the last five seconds; the time left is said only when there are five seconds of data.
  class Pace {
    constructor() { this.marks = []; }
    note(bytes) {
      const now = performance.now();
      if (this.marks.length && bytes < this.marks.at(-1).bytes) this.marks = [];
      if (this.marks.length && now - this.marks.at(-1).now < 250) return;
      this.marks.push({ now, bytes });
      while (this.marks.length > 2 && now - this.marks[0].now > 6000) this.marks.shift();
    }
    words(left) {
      const [first, last] = [this.marks[0], this.marks.at(-1)];
      const seconds = first ? (last.now - first.now) / 1000 : 0;
      if (seconds < 1) return "";
      const speed = (last.bytes - first.bytes) / seconds;
      if (speed <= 0) return "";
      const rest = left / speed;
      const time = rest < 60 ? "less than a minute left" : rest < 5400 ? `${Math.ceil(rest / 60)} minutes left` : `${(rest / 3600).toFixed(1)} hours left`;
      return seconds < 4.5 ? `, ${size(speed)}/s` : `, ${size(speed)}/s, ${time}`;
    }
  }
  const percent = (session) => (session.size ? Math.floor((100 * session.bytes) / session.size) : 0);
  const words = (session, pace) => ({
    waiting: () => "Waiting",
    uploading: () => `${percent(session)} %${pace.words(session.size - session.bytes)}`,
    offline: () => `${percent(session)} %, the network is gone; it continues by itself`,
    hashing: () => `Computing the digest, ${Math.floor((100 * (session.hashed || 0)) / session.size)} %`,
    verifying: () => "The server verifies the digest",
    paused: () => `Paused at ${percent(session)} %`,
    done: () => "Done",
    failed: () => `Failed: ${session.problem}`,
    cancelled: () => "Cancelled",
    refused: () => `Left out: ${session.problem}`,
  })[session.state]();
  const ACTIONS = {
    waiting: ["cancel"], uploading: ["pause", "cancel"], offline: ["pause", "cancel"], hashing: ["cancel"], verifying: [],
    paused: ["resume", "cancel"], done: [], failed: ["retry", "cancel"], cancelled: [], refused: [],
  };
  const NAMES = { pause: "Pause", resume: "Resume", cancel: "Cancel", retry: "Try again" };
  class UploadRow {
    constructor(session, act) {
      this.session = session;
      this.pace = new Pace();
      this.row = document.createElement("tr");
      const cell = (text = "", name = "") => Object.assign(this.row.insertCell(), { textContent: text, className: name });
      cell(session.path);
      cell(size(session.size), "r");
      const state = cell();
      this.box = Object.assign(document.createElement("div"), { className: "progress" });
      this.text = Object.assign(document.createElement("span"), { className: "sm" });
      this.bar = Object.assign(document.createElement("progress"), { max: 100, value: 0 });
      this.bar.setAttribute("aria-label", session.path);
      this.box.append(this.text, this.bar);
      state.append(this.box);
      this.actions = cell("", "actions");
      this.act = act;
      this.render();
    }
    render() {
      const { session } = this;
      if (session.state === "uploading") this.pace.note(session.bytes);
      this.text.textContent = words(session, this.pace);
      this.bar.hidden = ["waiting", "cancelled", "refused"].includes(session.state);
      this.bar.value = session.state === "done" ? 100 : percent(session);
      this.box.className = `progress ${session.state}`;
      if (this.shown === session.state) return;
      this.shown = session.state;
      const focused = this.actions.contains(document.activeElement);
      this.actions.replaceChildren(...ACTIONS[session.state].map((name) => {
        const button = Object.assign(document.createElement("button"), { type: "button", className: "btn small quiet", textContent: NAMES[name] });
        button.setAttribute("aria-label", `${NAMES[name]}: ${session.path}`);
        button.addEventListener("click", () => this.act(name, session));
        return button;
      }));
      if (focused) this.actions.querySelector("button")?.focus();
    }
  }
  window.marketplace = Object.assign(window.marketplace || {}, { UploadRow, UploadPace: Pace, sizeWords: size });
})();
