// The keyboard: what a key does where no field has the focus.

import { list, open, place, selection } from "../app.js";
import { run, runForMany } from "../actions/run.js";
import { actionsFor } from "../actions/session-actions.js";
import { TABS } from "../state/place.js";
import { isModal } from "../ui/dialogs.js";
import { undoLatest } from "../ui/toasts.js";
import { hasLetters, openHelp } from "./help.js";
import { openPalette } from "./palette.js";

const FIELDS = "input:not([type=checkbox], [type=range]), textarea, select, [contenteditable]";
/** What follows a `g`, and the view that it goes to. @type {Record<string, import("../state/place.js").View>} */
const VIEWS = { a: "approvals", p: "people", c: "channels" };
const SEQUENCE = 1000; // milliseconds in which `g` waits for what follows

/** @param {import("../list/list-pane.js").ListPane} pane */
export function listenToKeys(pane) {
  let wentAt = -Infinity;
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || isModal() || document.querySelector(".menu")) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") return act(event, openPalette);
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.key === "Escape") return escape(event, target, pane);
    if (isField(target)) {
      if (target.id === "search" && (event.key === "ArrowDown" || event.key === "Enter")) act(event, () => pane.focus(0));
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) {
      if (event.key === "a" && (event.ctrlKey || event.metaKey) && target.closest(".list-pane")) act(event, () => selection.choose(list.rows));
      return;
    }
    if (isMoving(event, target)) return act(event, () => move(event, pane));
    if (!hasLetters()) return;
    if (event.key === "g") wentAt = event.timeStamp;
    else if (VIEWS[event.key] && event.timeStamp - wentAt < SEQUENCE) act(event, () => place.go({ view: VIEWS[event.key], session: "" }));
    else letter(event, pane);
  });
}

/** Whether somebody writes; the field of a dialog that has just closed may still have the focus. @param {HTMLElement} target */
const isField = (target) => target.matches(FIELDS) && !target.closest("dialog");

/** @param {KeyboardEvent} event @param {() => void} what */
function act(event, what) {
  event.preventDefault();
  what();
}

/** @param {KeyboardEvent} event @param {HTMLElement} target */
function isMoving(event, target) {
  const isInList = target.closest(".list-pane") !== null || target === document.body;
  if (["ArrowDown", "ArrowUp"].includes(event.key)) return isInList;
  if (["Home", "End"].includes(event.key)) return target.closest(".row") !== null;
  return hasLetters() && ["j", "k", "J", "K"].includes(event.key);
}

/** @param {KeyboardEvent} event @param {import("../list/list-pane.js").ListPane} pane */
function move(event, pane) {
  const isDown = ["j", "J", "ArrowDown"].includes(event.key);
  const to = event.key === "Home" ? 0 : event.key === "End" ? list.rows.length - 1 : pane.index + (isDown ? 1 : -1);
  if (event.shiftKey && pane.index >= 0) selection.choose([list.rows[pane.index], list.rows[to]].filter(Boolean));
  pane.focus(to);
}

/** @param {KeyboardEvent} event @param {HTMLElement} target @param {import("../list/list-pane.js").ListPane} pane */
function escape(event, target, pane) {
  if (target.id === "search") {
    if (place.value.filters.text) act(event, () => place.filter({ text: "" }));
    else act(event, () => pane.focus(0));
  } else if (isField(target)) target.blur();
  else if (selection.chosen.size) act(event, () => selection.clear());
  else if (place.value.view) act(event, () => leave(pane));
}

/** @param {import("../list/list-pane.js").ListPane} pane */
function leave(pane) {
  const { index } = pane;
  place.go({ view: "", session: "", tab: "conversation" });
  requestAnimationFrame(() => pane.focus(index));
}

/** @param {KeyboardEvent} event @param {import("../list/list-pane.js").ListPane} pane */
function letter(event, pane) {
  const info = subject(pane);
  const fixed = FIXED[event.key];
  if (fixed) return act(event, () => fixed(pane, info));
  const tab = TABS[Number(event.key) - 1];
  if (tab && open.current) return act(event, () => place.go({ tab }));
  const many = [...selection.chosen.values()];
  const action = (many[0] ?? info) && actionsFor(many[0] ?? info).find((each) => each.key === event.key);
  if (!action) return;
  act(event, () => (many.length && action.isForMany ? runForMany(action, many) : info && run(action, info)));
}

/** The session that a letter is about: that of the row with the focus, else the one that is open. */
function subject(pane) {
  const row = document.activeElement?.closest(".row");
  return row ? list.rows[pane.index] : (open.current?.info ?? list.rows[pane.index]);
}

/** @type {Record<string, (pane: import("../list/list-pane.js").ListPane, info: any) => void>} */
const FIXED = {
  "/": () => document.getElementById("search")?.focus(),
  "?": openHelp,
  n: () => document.dispatchEvent(new Event("new-session")),
  z: undoLatest,
  x: (pane, info) => {
    if (!info) return;
    selection.anchor = pane.index;
    selection.toggle(info);
  },
  i: () => document.getElementById("message")?.focus(),
  ".": (pane) => {
    if (document.activeElement?.closest(".row")) pane.openMenu();
    else /** @type {HTMLElement | null} */ (document.querySelector(".session-menu"))?.click();
  },
};
