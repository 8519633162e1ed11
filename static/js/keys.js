// Single keys, only outside fields: / search, g + letter to go, j k Enter x in lists, and every [data-key] control.
(() => {
  "use strict";
  const PLACES = { h: "/", m: "/models", r: "/reviews", t: "/teams", n: "/me/notifications" };
  let going = 0;
  const off = () => document.documentElement.dataset.keys === "off";
  const typing = (target) => target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable=true]");
  const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent !== null);
  const current = () => document.querySelector("[data-row].here");
  const moveTo = (row) => {
    if (!row) return;
    current()?.classList.remove("here");
    row.classList.add("here");
    const link = row.querySelector("[data-row-link]") || row.querySelector("a");
    link?.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };
  const step = (by) => {
    const all = rows();
    const at = all.indexOf(current());
    moveTo(all[Math.max(0, Math.min(all.length - 1, at + by))]);
  };
  const inList = {
    j: () => step(1),
    k: () => step(-1),
    x: () => current()?.querySelector("input[type=checkbox]")?.click(),
    Escape: () => current()?.classList.remove("here"),
  };
  const control = (key) => [...document.querySelectorAll("[data-key]")].find((item) => item.dataset.key === key && item.offsetParent !== null);
  const press = (item) => (item.matches("input, textarea, select") ? item.focus() : item.click());
  const go = (key) => {
    const known = document.querySelector(`.topnav a[href="${PLACES[key]}"], .bottombar a[href="${PLACES[key]}"]`);
    if (PLACES[key] && (known || key === "h" || key === "n")) location.assign(PLACES[key]);
  };
  document.addEventListener("keydown", (event) => {
    const send = event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form;
    if (send) {
      event.preventDefault();
      event.target.form.requestSubmit();
      return;
    }
    const search = document.getElementById("q");
    if ((event.ctrlKey || event.metaKey) && event.key === "k" && search) {
      event.preventDefault();
      search.select();
      return;
    }
    if (off() || event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
    if (event.timeStamp - going < 1200 && going) {
      going = 0;
      go(event.key);
      return;
    }
    if (event.key === "g") {
      going = event.timeStamp;
    } else if (event.key === "/" && search) {
      event.preventDefault();
      search.select();
    } else if (inList[event.key] && rows().length) {
      inList[event.key]();
    } else {
      const item = control(event.key);
      if (item) {
        event.preventDefault();
        press(item);
      }
    }
  });
})();
