// Elements whose text is a time that goes on: <time-ago>, <time-since> and <time-left>.

import { everySecond, now } from "./clock.js";
import { ago, duration, exactTime, secondsSince } from "./format.js";

class Ticking extends HTMLElement {
  static observedAttributes = ["at"];

  connectedCallback() {
    this.stop = everySecond(() => this.show());
    this.show();
  }

  disconnectedCallback() {
    this.stop?.();
  }

  attributeChangedCallback() {
    if (this.isConnected) this.show();
  }

  show() {
    const at = this.getAttribute("at");
    const text = at ? this.textOf(at) : "";
    if (text !== this.textContent) this.textContent = text;
    if (at && this.title !== exactTime(at)) this.title = exactTime(at);
  }

  /** @param {string} _at @returns {string} */
  textOf(_at) {
    return "";
  }
}

customElements.define("time-ago", class extends Ticking { textOf = ago; });
customElements.define("time-since", class extends Ticking { textOf = (/** @type {string} */ at) => duration(secondsSince(at)); });
customElements.define(
  "time-left",
  class extends Ticking {
    textOf = (/** @type {string} */ at) => duration(Math.max(0, (Date.parse(at) - now()) / 1000));
  },
);
