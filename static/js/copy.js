// Copy buttons: data-copy holds the text, data-copy-code copies the code block beside it.
(() => {
  "use strict";
  const write = async (text) => {
    if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
    const area = Object.assign(document.createElement("textarea"), { value: text, className: "vh" });
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new Error("refused");
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy], [data-copy-code]");
    if (!button) return;
    const source = button.closest(".codebox")?.querySelector("[data-copy-source]");
    const word = button.querySelector("[data-copy-word]");
    try {
      await write(button.dataset.copy ?? source.textContent);
    } catch {
      window.marketplace.announce("Could not copy. Select the text and copy it yourself.");
      if (word) word.textContent = "Select and copy";
      return;
    }
    window.marketplace.announce("Copied");
    button.classList.add("copied");
    if (word) word.textContent = "Copied";
    setTimeout(() => {
      button.classList.remove("copied");
      if (word) word.textContent = "Copy";
    }, 2000);
  });
})();
