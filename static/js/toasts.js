// Toasts: at most three, gone after eight seconds unless somebody points at them, reads them or they report a problem.
(() => {
  "use strict";
  const LIFE = 8000;
  const MOST = 3;
  const started = new WeakSet();
  const start = (toast) => {
    if (started.has(toast)) return;
    started.add(toast);
    let timer = 0;
    const wait = () => {
      clearTimeout(timer);
      if (!toast.matches(".danger")) timer = setTimeout(() => toast.remove(), LIFE);
    };
    for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, () => clearTimeout(timer));
    for (const name of ["pointerleave", "focusout"]) toast.addEventListener(name, wait);
    wait();
  };
  const sweep = () => {
    const toasts = [...document.querySelectorAll("#toasts [data-toast]")];
    for (const old of toasts.slice(0, -MOST)) old.remove();
    toasts.slice(-MOST).forEach(start);
  };
  const toast = (text, tone = "info") => {
    const region = document.getElementById("toasts");
    if (!region) return;
    const same = [...region.querySelectorAll("p")].find((p) => p.textContent === text);
    if (same) return;
    const box = Object.assign(document.createElement("div"), { className: `toast ${tone}` });
    box.dataset.toast = "";
    const words = Object.assign(document.createElement("p"), { textContent: text });
    const close = Object.assign(document.createElement("button"), { type: "button", className: "btn quiet small close", textContent: "Close" });
    close.dataset.toastClose = "";
    box.append(words, close);
    region.append(box);
  };
  window.marketplace = Object.assign(window.marketplace || {}, { toast });
  document.addEventListener("click", (event) => event.target.closest("[data-toast-close]")?.closest("[data-toast]").remove());
  document.addEventListener("DOMContentLoaded", () => {
    sweep();
    const region = document.getElementById("toasts");
    if (region) new MutationObserver(sweep).observe(region, { childList: true });
  });
})();
