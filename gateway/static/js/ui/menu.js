// Menus: a list of commands beside the button that opens it, led by the arrow keys.

import { icon } from "./marks.js";
import { html, nothing, render } from "./lit.js";

/** @typedef {{text: string, icon?: string, key?: string, isDanger?: boolean, act: () => void}} Item */

/**
 * Open a menu at an element; it closes with the choice, with Escape, and with a click elsewhere.
 * @param {HTMLElement} anchor
 * @param {(Item | null)[]} items null is a line
 * @param {() => void} [whenClosed]
 */
export function openMenu(anchor, items, whenClosed) {
  const menu = document.createElement("div");
  menu.className = "menu";
  menu.popover = "auto";
  menu.setAttribute("role", "menu");
  const choose = (/** @type {Item} */ item) => {
    menu.hidePopover();
    item.act();
  };
  render(items.map((item) => (item ? itemOf(item, choose) : html`<hr />`)), menu);
  document.body.append(menu);
  menu.addEventListener("keydown", move);
  menu.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== "closed") return;
    const hadFocus = menu.contains(document.activeElement) || document.activeElement === document.body;
    menu.remove();
    whenClosed?.();
    if (hadFocus && anchor.isConnected) anchor.focus();
  });
  menu.showPopover();
  place(menu, anchor);
  /** @type {HTMLElement | null} */ (menu.querySelector("button"))?.focus();
}

/** @param {Item} item @param {(item: Item) => void} choose */
const itemOf = (item, choose) => html`<button
  type="button"
  role="menuitem"
  class=${item.isDanger ? "is-danger" : ""}
  @click=${() => choose(item)}
>
  ${icon(item.icon ?? "")}<span>${item.text}</span>${item.key ? html`<kbd>${item.key}</kbd>` : nothing}
</button>`;

/** @param {HTMLElement} menu @param {HTMLElement} anchor */
function place(menu, anchor) {
  const from = anchor.getBoundingClientRect();
  const size = menu.getBoundingClientRect();
  const left = Math.max(8, Math.min(from.right - size.width, innerWidth - size.width - 8));
  const below = from.bottom + 4;
  const top = below + size.height > innerHeight - 8 ? Math.max(8, from.top - size.height - 4) : below;
  menu.style.left = `${left}px`;
  menu.style.top = `${top}px`;
}

/** @param {KeyboardEvent} event */
function move(event) {
  const menu = /** @type {HTMLElement} */ (event.currentTarget);
  const items = [...menu.querySelectorAll("button")];
  const at = items.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === "Tab") menu.hidePopover();
  if (to === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  items[(to + items.length) % items.length].focus();
}
