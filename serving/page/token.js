// The token of a server that asks for one: kept until the tab is closed.

import { part } from "./dom.js";

const KEY = "silion-token";
/** @type {Promise<void> | null} */
let asking = null;

/** The token, or nothing. */
export function keptToken() {
  return sessionStorage.getItem(KEY);
}

/** Ask for it, once for all requests that wait. */
export function askToken() {
  asking ??= new Promise((resolve) => {
    const dialog = part("#token");
    const text = part("#token-text");
    text.value = "";
    dialog.addEventListener(
      "close",
      () => {
        if (text.value) sessionStorage.setItem(KEY, text.value);
        text.value = "";
        asking = null;
        resolve();
      },
      { once: true },
    );
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.showModal();
  });
  return asking;
}
