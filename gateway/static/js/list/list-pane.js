// The pane of all sessions.

import { account, approvals, list, link, may, open, pairings, place, selection } from "../app.js";
import { everyFrame } from "../state/schedule.js";
import { keyOf, nameOf } from "../state/session-info.js";
import { t } from "../texts.js";
import { number } from "../ui/format.js";
import { icon, machineMark } from "../ui/marks.js";
import { html, nothing, render, repeat } from "../ui/lit.js";
import { VirtualList } from "../ui/virtual-list.js";
import { masthead } from "../shell/masthead.js";
import { bulkBar } from "./bulk.js";
import { filterBar, searchField } from "./filters.js";
import { rowOf } from "./row.js";

const ROW = 72; // pixels, as `--row` in css/tokens.css
const NEAR = 40; // rows before the end, where the next page is asked for

export class ListPane {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.draw = everyFrame(() => this.#draw());
    for (const each of [list, selection, place, approvals, pairings]) each.addEventListener("change", this.draw);
    root.addEventListener("choose", (event) => this.#choose(/** @type {CustomEvent} */ (event).detail));
    root.addEventListener("focusin", (event) => this.#noteFocus(event));
    this.focused = "";
    this.#draw();
  }

  /** The index of the row that the keyboard is at; else of the one that is open; else -1. */
  get index() {
    const name = this.#hasFocus ? this.focused : this.#openName || this.focused;
    return list.rows.findIndex((row) => nameOf(keyOf(row)) === name);
  }

  /** @param {number} index */
  focus(index) {
    const row = list.rows[Math.max(0, Math.min(index, list.rows.length - 1))];
    if (!row) return;
    this.focused = nameOf(keyOf(row));
    this.rows?.show(list.rows.indexOf(row));
    this.#draw();
    this.#rowElement(this.focused)?.querySelector("a")?.focus({ preventScroll: true });
  }

  /** Open the menu of the row that the keyboard is at. */
  openMenu() {
    const row = this.#rowElement(this.focused);
    /** @type {HTMLElement | null | undefined} */ (row?.querySelector(".more"))?.click();
  }

  get #hasFocus() {
    return this.root.contains(document.activeElement) && document.activeElement?.closest(".row");
  }

  get #openName() {
    return open.current ? nameOf(open.current.key) : "";
  }

  /** @param {string} name */
  #rowElement(name) {
    return [...this.root.querySelectorAll(".row")].find((row) => /** @type {HTMLElement} */ (row).dataset.name === name);
  }

  /** @param {Event} event */
  #noteFocus(event) {
    const row = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest(".row"));
    if (row?.dataset.name) this.focused = row.dataset.name;
  }

  #choose({ info, index, isRange }) {
    if (isRange && selection.anchor >= 0) {
      const [from, to] = [selection.anchor, index].sort((a, b) => a - b);
      selection.choose(list.rows.slice(from, to + 1));
    } else {
      selection.toggle(info);
      selection.anchor = index;
    }
  }

  #draw() {
    const isStale = list.trouble !== null || (!list.isLoaded && list.rows.length > 0);
    render(
      html`${masthead()} ${searchField()} ${filterBar()}
        <div class="list-area ${selection.chosen.size ? "is-choosing" : ""} ${isStale ? "is-stale" : ""}">
          <div>${trouble()}</div>
          <div class="list-scroll" id="sessions">${this.#rows()}</div>
        </div>
        <div>${bulkBar()}${foot()}</div>`,
      this.root,
    );
    const scroll = /** @type {HTMLElement} */ (this.root.querySelector("#sessions"));
    if (!this.rows) {
      this.rows = new VirtualList(scroll, ROW, this.draw);
      this.draw();
    }
    if (list.next && this.rows.to > list.rows.length - NEAR) list.more();
  }

  #rows() {
    if (!list.isLoaded && list.rows.length === 0 && !list.trouble) return skeleton();
    if (list.rows.length === 0) return list.trouble || list.problems.length ? nothing : empty();
    const kept = list.rows.findIndex((row) => nameOf(keyOf(row)) === this.focused);
    const indices = this.rows?.indices(list.rows.length, kept) ?? [];
    return html`<ul class="rows" role="list" aria-label=${t("list.label")} aria-busy=${String(!list.isLoaded)} .style=${`height:${list.rows.length * ROW}px`}>
      ${repeat(
        indices,
        (index) => nameOf(keyOf(list.rows[index])),
        (index) => rowOf(list.rows[index], index, Math.max(list.total, list.rows.length), index * ROW),
      )}
    </ul>`;
  }
}

/** Trouble of the store, which is never shown as an empty list. */
function trouble() {
  const sentences = [...(list.trouble ? [list.trouble.message || t("problem.unreachable")] : []), ...list.problems];
  if (sentences.length === 0) return nothing;
  return html`<div class="notice list-trouble" role="alert">
    ${icon("triangle-alert")}<strong>${list.trouble ? t("list.trouble") : t("list.problems", { n: sentences.length })}</strong>
    ${list.trouble ? html`<button type="button" class="button small" @click=${() => list.refresh()}>${t("list.again")}</button>` : nothing}
    <ul>${sentences.map((each) => html`<li>${each}</li>`)}</ul>
  </div>`;
}

function empty() {
  const isFiltered = Object.keys(place.value.filters).some((name) => name !== "agent");
  if (isFiltered) {
    return html`<div class="empty">
      ${machineMark()}
      <h2>${t("list.noneFit")}</h2>
      <button type="button" class="button" @click=${() => place.go({ filters: {} })}>${t("list.showAll")}</button>
    </div>`;
  }
  return html`<div class="empty">
    ${machineMark("Created")}
    <h2>${t("list.empty")}</h2>
    <p>${t("list.emptyHow")}</p>
    ${may("write") ? html`<button type="button" class="button first" @click=${() => document.dispatchEvent(new Event("new-session"))}>${icon("plus")}${t("list.new")}</button>` : nothing}
  </div>`;
}

const skeleton = () => html`<ul class="rows" aria-hidden="true">
  ${Array.from({ length: 6 }, (_, at) => html`<li class="row is-skeleton" .style=${`transform:translateY(${at * ROW}px)`}><i></i><i></i><i></i></li>`)}
</ul>`;

const foot = () => html`<footer class="list-foot">
  <span class="figures" role="status">${list.isLoaded ? t("list.total", { n: list.total, total: number(list.total) }) : ""}</span>
  <span>${link.isOpen ? "" : t("link.lostShort")} ${account.current?.name ?? ""}</span>
</footer>`;
