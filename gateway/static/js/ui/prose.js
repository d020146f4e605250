// Markdown of messages as elements, with nothing in it that acts: markup is shown, pictures are links, links are http.

import "../../vendor/dompurify/purify.min.js";
import { Marked } from "../../vendor/marked/marked.esm.js";
import { t } from "../texts.js";

const LONGEST = 60_000; // characters; longer ones are shown as they are
const ALLOWED = {
  ALLOWED_TAGS: ["p", "br", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "a", "hr", "table", "thead", "tbody", "tr", "th", "td"],
  ALLOWED_ATTR: ["href", "title", "start"],
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:)/i,
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};
/** @type {{sanitize: (html: string, config: object) => DocumentFragment}} */
const purify = /** @type {any} */ (globalThis).DOMPurify;

/** @param {string} text */
const escaped = (text) => text.replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`);

const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    html: ({ text }) => escaped(text),
    image: ({ href, text }) => `<a href="${escaped(href)}">${escaped(text || t("message.picture"))}</a>`,
  },
});

/** @param {string} text */
export function prose(text) {
  const element = document.createElement("div");
  element.className = "prose";
  if (text.length > LONGEST) {
    element.classList.add("is-plain");
    element.textContent = text;
    return element;
  }
  element.append(purify.sanitize(/** @type {string} */ (marked.parse(text, { async: false })), ALLOWED));
  for (const link of element.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
  }
  for (const block of element.querySelectorAll("pre, table")) /** @type {HTMLElement} */ (block).tabIndex = 0;
  return element;
}

/** @type {WeakMap<object, HTMLElement>} */
const made = new WeakMap();

/** The element of something that does not change, which is made once. @param {object} owner @param {string} text */
export function proseOf(owner, text) {
  const found = made.get(owner) ?? prose(text);
  made.set(owner, found);
  return found;
}
