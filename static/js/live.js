// What a screen reader hears and where the focus goes after a part of the page changed; what happens when the network is gone.
(() => {
  "use strict";
  const announce = (text) => {
    const region = document.getElementById("live");
    if (!region) return;
    region.textContent = "";
    setTimeout(() => { region.textContent = text; }, 50);
  };
  window.marketplace = Object.assign(window.marketplace || {}, {
    announce,
    token: () => document.querySelector("meta[name=csrf-token]")?.content || "",
  });
  document.querySelector(".tabs [aria-current=page]")?.scrollIntoView({ inline: "center", block: "nearest" });
  document.addEventListener("announce", (event) => announce(event.detail.value || event.detail));
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = window.marketplace.token();
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const place = event.detail.elt;
    const target = place.querySelector?.("[data-focus]") || (place.matches?.("[data-focus-heading]") ? place.querySelector("h1, h2") : null);
    if (target) target.focus();
    const words = place.matches?.("[data-announce]") ? place : place.querySelector?.("[data-announce]");
    if (words) announce(words.dataset.announce || words.textContent.trim());
  });
  // Reads are tried again after 1, 2 and 5 seconds when the network is lost; writes never are.
  const waits = [1000, 2000, 5000];
  document.addEventListener("htmx:sendError", (event) => {
    const { elt, requestConfig } = event.detail;
    const tries = Number(elt.dataset.tries || 0);
    window.marketplace.toast?.("The network is gone. What you typed is still here.", "warning");
    if (requestConfig?.verb !== "get" || tries >= waits.length) return;
    elt.dataset.tries = String(tries + 1);
    setTimeout(() => window.htmx.ajax("GET", requestConfig.path, { source: elt, target: requestConfig.target }), waits[tries]);
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) delete event.detail.elt.dataset.tries;
  });
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr } = event.detail;
    if (xhr.status >= 500) return;
    const id = xhr.getResponseHeader("X-Request-ID");
    const words = xhr.status === 429 ? "Too many requests; wait a moment and try again." : xhr.status === 401 ? "You are signed out. Sign in again in another tab, then repeat this." : "That did not work.";
    window.marketplace.toast?.(id ? `${words} Request ${id.slice(0, 8)}.` : words, "danger");
  });
  document.addEventListener("DOMContentLoaded", () => document.querySelector("[data-focus]:not([data-sample] *)")?.focus());
})();
