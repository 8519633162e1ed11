// Passkeys: a form with data-passkey (create or get) and data-options asks the device, then sends what it says.
(() => {
  "use strict";
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const named = (list) => (list ?? []).map((item) => ({ ...item, id: bytes(item.id) }));

  const understood = (options) => {
    const asked = { ...options, challenge: bytes(options.challenge) };
    if (options.user) asked.user = { ...options.user, id: bytes(options.user.id) };
    if (options.excludeCredentials) asked.excludeCredentials = named(options.excludeCredentials);
    if (options.allowCredentials) asked.allowCredentials = named(options.allowCredentials);
    return asked;
  };

  const told = (credential) => {
    const response = {};
    for (const field of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[field]) response[field] = text(credential.response[field]);
    }
    if (credential.response.getTransports) response.transports = credential.response.getTransports();
    return {
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      authenticatorAttachment: credential.authenticatorAttachment,
      response,
      clientExtensionResults: credential.getClientExtensionResults(),
    };
  };

  const reason = (problem) => {
    if (problem.name === "InvalidStateError") return "This device holds a passkey for you already.";
    if (problem.name === "NotAllowedError") return "The device did not confirm it, or it took too long. Try again.";
    return "This browser cannot use the passkey here. Use another way.";
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const problem = form.querySelector("[data-passkey-error]");
      problem.hidden = true;
      try {
        const { publicKey } = JSON.parse(form.dataset.options);
        const credential = await navigator.credentials[form.dataset.passkey]({ publicKey: understood(publicKey) });
        form.elements.credential.value = JSON.stringify(told(credential));
      } catch (failed) {
        problem.textContent = reason(failed);
        problem.hidden = false;
        return;
      }
      HTMLFormElement.prototype.submit.call(form);
    });
  }
})();
