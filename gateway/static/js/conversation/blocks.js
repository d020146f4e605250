// The content of a message: text, pictures, documents, thoughts, calls of tools and their results.

import { attachmentAddress } from "../api/sessions.js";
import { t } from "../texts.js";
import { number } from "../ui/format.js";
import { icon } from "../ui/marks.js";
import { proseOf } from "../ui/prose.js";
import { html, nothing } from "../ui/lit.js";
import { callOf } from "./calls.js";

/** @typedef {import("../api/sessions.js").Key} Key @typedef {Record<string, any>} Block */

const PICTURES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

/**
 * @param {Key} key of the session
 * @param {import("../state/open-session.js").Message} message
 * @param {Map<string, Block>} results of calls, by their ids
 */
export function contentOf(key, message, results) {
  if (!message.content?.length) return message.text ? proseOf(message, message.text) : nothing;
  return message.content.map((block) => blockOf(key, /** @type {Block} */ (block), results));
}

/** @param {Key} key @param {Block} block @param {Map<string, Block>} results */
function blockOf(key, block, results) {
  switch (block.type) {
    case "text":
      return proseOf(block, String(block.text));
    case "image":
      return pictureOf(key, block);
    case "document":
      return documentOf(key, block);
    case "thinking":
      return thoughts(String(block.thinking));
    case "tool_use":
      return callOf({ id: block.id, name: block.name, input: block.input, result: results.get(block.id), key });
    case "tool_result":
      return nothing; // it stands at its call
    default:
      return fold("braces", t("block.unknown", { type: block.type }), html`<pre>${JSON.stringify(block, null, 2)}</pre>`);
  }
}

/** @param {string} text */
export const thoughts = (text) => fold("brain", t("block.thinking", { n: text.length, count: number(text.length) }), html`<p class="thoughts">${text}</p>`);

/** @param {string} name of the icon @param {unknown} title @param {unknown} content */
export const fold = (name, title, content) => html`<details class="fold">
  <summary>${icon(name)}<span>${title}</span>${icon("chevron-right")}</summary>
  <div class="fold-body">${content}</div>
</details>`;

/** @param {Key} key @param {Block} block */
function pictureOf(key, block) {
  const url = sourceOf(key, block.source ?? {});
  return url
    ? html`<a class="picture" href=${url} target="_blank" rel="noopener"><img src=${url} alt=${t("message.picture")} loading="lazy" /></a>`
    : fold("image", t("message.picture"), html`<pre>${JSON.stringify({ ...block.source, data: undefined }, null, 2)}</pre>`);
}

/** @param {Key} key @param {Block} block */
function documentOf(key, block) {
  const source = block.source ?? {};
  const title = block.title || t("message.document");
  if (source.type === "text") return fold("file", title, html`<pre>${source.data}</pre>`);
  return html`<p class="document">${icon("file")}${source.sha256 ? html`<a href=${attachmentAddress(key, source.sha256)} download>${title}</a>` : title}</p>`;
}

/** Where the bytes of a picture are; empty where they are elsewhere. @param {Key} key @param {Block} source */
function sourceOf(key, source) {
  if (source.sha256) return attachmentAddress(key, source.sha256);
  if (source.type === "base64" && PICTURES.has(source.media_type)) return `data:${source.media_type};base64,${source.data}`;
  return "";
}
