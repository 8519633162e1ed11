// What all uploads of a page share: three slots for parts on the way, and a worker that computes digests.
(() => {
  "use strict";
  const MOST = 3;
  let busy = 0;
  const queue = [];
  const take = async () => {
    if (busy >= MOST) await new Promise((resolve) => queue.push(resolve));
    else busy += 1;
  };
  const free = () => {
    const next = queue.shift();
    if (next) next();
    else busy -= 1;
  };
  const digestOf = (url, file, onprogress) => new Promise((resolve, reject) => {
    const worker = new Worker(url);
    worker.onerror = () => reject(new Error("The digest could not be computed in this browser."));
    worker.onmessage = ({ data }) => {
      if (data.done !== undefined) return onprogress(data.done);
      worker.terminate();
      return data.sha256 ? resolve(data.sha256) : reject(new Error(data.error));
    };
    worker.postMessage({ file });
  });
  window.marketplace = Object.assign(window.marketplace || {}, { partSlots: { take, free, most: MOST }, digestOf });
})();
