// Light, dark or as the system says: applied before the first paint, remembered in a cookie that the server reads.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  const mark = () => {
    for (const button of document.querySelectorAll("[data-theme-set]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeSet === root.dataset.theme));
    }
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-set]");
    if (!button) return;
    root.dataset.theme = button.dataset.themeSet;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${button.dataset.themeSet}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    mark();
  });
  document.addEventListener("DOMContentLoaded", mark);
})();
