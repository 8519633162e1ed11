// The catalog page: Enter searches in place, facets keep their focus and what was unfolded, the sheet of filters on phones.
(() => {
  "use strict";
  const wide = window.matchMedia("(min-width: 901px)");
  const form = () => document.getElementById("filters");
  const sheet = () => document.getElementById("sheet");
  const isSearch = (element) => element.id === "q" && form();
  // What the browser keeps of the page for going back is its markup, so what was typed or ticked has to be written there.
  document.addEventListener("input", (event) => {
    if (isSearch(event.target)) event.target.setAttribute("value", event.target.value);
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches(".searchbox") || !form()) return;
    event.preventDefault();
    window.htmx.trigger(form(), "submit");
  });
  const nameOf = (facet) => facet.querySelector("input[name]")?.name;
  let kept = null;
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    if (event.detail.target.id !== "facets") return;
    const { activeElement } = document;
    const facets = [...event.detail.target.querySelectorAll(".facet")];
    kept = {
      focus: event.detail.target.contains(activeElement) ? [activeElement.name, activeElement.value] : null,
      unfolded: facets.filter((facet) => facet.querySelector("details[open]")).map(nameOf),
      found: Object.fromEntries(facets.map((facet) => [nameOf(facet), facet.querySelector("[data-facet-find]")?.value || ""])),
    };
  });
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    const place = event.detail.target;
    if (place.id !== "facets" || !kept) return;
    for (const facet of place.querySelectorAll(".facet")) {
      const details = facet.querySelector("details");
      if (details && kept.unfolded.includes(nameOf(facet))) details.open = true;
      const find = facet.querySelector("[data-facet-find]");
      if (find && kept.found[nameOf(facet)]) {
        find.value = kept.found[nameOf(facet)];
        find.dispatchEvent(new Event("input", { bubbles: true }));
      }
    }
    const [name, value] = kept.focus || [];
    const same = [...place.querySelectorAll("input")].find((input) => input.name === name && input.value === value);
    same?.focus({ preventScroll: true });
    kept = null;
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-sheet-close]")) return;
    sheet().open = false;
    document.getElementById("count").scrollIntoView({ block: "start" });
  });
  const fit = () => { if (sheet() && wide.matches) sheet().open = true; };
  document.addEventListener("DOMContentLoaded", fit);
  document.addEventListener("htmx:historyRestore", fit);
  wide.addEventListener("change", fit);
})();
