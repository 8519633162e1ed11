// Native dialogs and the account menu: open, close, and give the focus back to where it came from.
(() => {
  "use strict";
  const open = (dialog, opener) => {
    if (dialog.open) return;
    dialog.showModal();
    dialog.addEventListener("close", () => opener?.focus(), { once: true });
    dialog.dispatchEvent(new CustomEvent("dialog:open", { bubbles: true }));
  };
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.dialog);
      if (!dialog) return;
      event.preventDefault();
      open(dialog, opener);
      return;
    }
    const closer = event.target.closest("[data-dialog-close]");
    if (closer) closer.closest("dialog").close();
    if (event.target.matches("dialog[open]")) {
      const box = event.target.getBoundingClientRect();
      const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
      if (!inside) event.target.close();
    }
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
  // A typed confirmation: the button works only when the words in data-confirm-text were typed; the server checks them again.
  document.addEventListener("input", (event) => {
    const wanted = event.target.dataset?.confirmText;
    if (wanted === undefined) return;
    const button = event.target.form?.querySelector("[type=submit], button:not([type])");
    if (button) button.disabled = event.target.value.trim() !== wanted;
  });
  // Find inside a long facet.
  document.addEventListener("input", (event) => {
    if (!event.target.matches("[data-facet-find]")) return;
    const facet = event.target.closest("[data-facet]");
    const wanted = event.target.value.trim().toLowerCase();
    const rest = facet.querySelector("details");
    if (rest && wanted) rest.open = true;
    for (const label of facet.querySelectorAll("label")) label.hidden = !label.textContent.toLowerCase().includes(wanted);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("[data-facet-find]")) event.preventDefault();
  });
})();
