// Talking to the upload API: every call is tried again while the network or the server is away, and stops when told to.
(() => {
  "use strict";
  const LONGEST = 30_000;
  const MOST_TRIES = 10;
  class Refused extends Error {
    constructor(status, body) {
      super(body.detail || body.title || `The server refused this (${status}).`);
      Object.assign(this, { status, differs: status === 422 });
    }
  }
  // Waits, but wakes at once when the network comes back or the upload is paused.
  const pause = (milliseconds, signal) => new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      window.removeEventListener("online", wake);
      resolve();
    };
    const timer = setTimeout(wake, milliseconds);
    window.addEventListener("online", wake);
    signal.addEventListener("abort", wake, { once: true });
  });
  const once = ({ method, url, body, json, signal, onbytes }) => new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open(method, url);
    xhr.setRequestHeader("X-CSRFToken", window.marketplace.token());
    xhr.setRequestHeader("Accept", "application/json");
    xhr.setRequestHeader("Content-Type", json ? "application/json" : "application/octet-stream");
    if (onbytes) xhr.upload.onprogress = (event) => onbytes(event.loaded);
    const stop = () => xhr.abort();
    signal.addEventListener("abort", stop, { once: true });
    xhr.onloadend = () => {
      signal.removeEventListener("abort", stop);
      if (signal.aborted) return reject(new DOMException("stopped", "AbortError"));
      if (xhr.status === 0) return reject(new TypeError("network"));
      let answer = {};
      try { answer = JSON.parse(xhr.responseText || "{}"); } catch { answer = {}; }
      if (xhr.status < 400) return resolve(answer);
      return reject(new Refused(xhr.status, answer));
    };
    xhr.send(json ? JSON.stringify(json) : body || null);
  });
  const mayPass = (error) => !(error instanceof Refused) || [408, 425, 429, 502, 503, 504, 500].includes(error.status);
  const request = async (call, onaway) => {
    for (let tries = 0; ; tries += 1) {
      try {
        const answer = await once(call);
        onaway?.(false);
        return answer;
      } catch (error) {
        call.onbytes?.(0);
        if (call.signal.aborted || error.name === "AbortError") throw new DOMException("stopped", "AbortError");
        if (!mayPass(error) || (error instanceof Refused && tries >= MOST_TRIES)) throw error;
        onaway?.(true);
        await pause(Math.min(LONGEST, 1000 * 2 ** tries) * (0.75 + Math.random() / 2), call.signal);
      }
    }
  };
  window.marketplace = Object.assign(window.marketplace || {}, { uploadRequest: request, UploadRefused: Refused });
})();
