// The palette: any session, any command, and any message, by a few letters.

import { account, agent, list, may, open, pairings, place } from "../app.js";
import { run } from "../actions/run.js";
import { actionsFor } from "../actions/session-actions.js";
import { listSessions, searchMessages } from "../api/sessions.js";
import { titleOf } from "../state/session-info.js";
import { t } from "../texts.js";
import { ago } from "../ui/format.js";
import { icon, machineMark } from "../ui/marks.js";
import { html, nothing, render } from "../ui/lit.js";
import { isModal } from "../ui/dialogs.js";

const PAUSE = 150; // milliseconds after the last key
const MOST = 8; // of each kind

/** @typedef {{group: string, text: unknown, note?: string, icon: unknown, status?: string, act: () => void}} Option */

export function openPalette() {
  if (!isModal()) new Palette();
}

class Palette {
  constructor() {
    this.dialog = document.createElement("dialog");
    this.dialog.className = "dialog palette";
    this.dialog.setAttribute("aria-label", t("palette.title"));
    this.text = "";
    this.at = 0;
    /** @type {Option[]} */
    this.found = [];
    document.body.append(this.dialog);
    this.dialog.addEventListener("close", () => this.dialog.remove());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.dialog.addEventListener("keydown", (event) => this.#key(event));
    this.#draw();
    this.dialog.showModal();
  }

  get #options() {
    const wanted = this.text.toLowerCase();
    return [...commands().filter((each) => !wanted || String(each.text).toLowerCase().includes(wanted)).slice(0, wanted ? MOST : 6), ...(wanted ? this.found : latest())];
  }

  #draw() {
    const options = this.#options;
    this.at = Math.max(0, Math.min(this.at, options.length - 1));
    const groups = grouped(options);
    render(
      html`<input
          class="field"
          role="combobox"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant=${options.length ? `palette-${this.at}` : nothing}
          aria-label=${t("palette.label")}
          placeholder=${t("palette.placeholder")}
          autocomplete="off"
          spellcheck="false"
          autofocus
          @input=${(/** @type {any} */ event) => this.#type(event.target.value)}
        />
        <div class="palette-list" id="palette-list" role="listbox" aria-label=${t("palette.title")}>
          ${[...groups].map(([group, members]) => html`<div role="group" aria-label=${t(`palette.${group}`)}><h3 aria-hidden="true">${t(`palette.${group}`)}</h3>${members.map((each) => this.#option(each, options.indexOf(each)))}</div>`)}
          ${options.length === 0 ? html`<p class="empty">${this.isSearching ? t("palette.searching") : t("palette.none")}</p>` : nothing}
        </div>`,
      this.dialog,
    );
    this.dialog.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }

  /** @param {Option} option @param {number} index */
  #option(option, index) {
    return html`<div class="palette-option" role="option" id=${`palette-${index}`} data-status=${option.status ?? nothing} aria-selected=${String(index === this.at)} @click=${() => this.#choose(option)}>
      ${option.icon}<span>${option.text}</span>${option.note ? html`<small>${option.note}</small>` : nothing}
    </div>`;
  }

  /** @param {string} text */
  #type(text) {
    this.text = text.trim();
    this.at = 0;
    this.isSearching = this.text !== "";
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#search(this.text), PAUSE);
    this.#draw();
  }

  /** @param {string} text */
  async #search(text) {
    if (!text) return;
    const [sessions, hits] = await Promise.allSettled([
      listSessions({ agent: agent(), text }, { limit: MOST }),
      searchMessages({ agent: agent(), text, limit: MOST }),
    ]);
    if (text !== this.text) return;
    this.isSearching = false;
    this.found = [
      ...(sessions.status === "fulfilled" ? sessions.value.value.sessions.map(sessionOption) : []),
      ...(hits.status === "fulfilled" ? hits.value.hits.map(hitOption) : []),
    ];
    this.#draw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const options = this.#options;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && options.length) {
      event.preventDefault();
      this.at = (this.at + step + options.length) % options.length;
      this.#draw();
    }
    if (event.key === "Enter" && options[this.at]) {
      event.preventDefault();
      this.#choose(options[this.at]);
    }
  }

  /** @param {Option} option */
  #choose(option) {
    this.dialog.close();
    option.act();
  }
}

/** @returns {Option[]} */
function commands() {
  const info = open.current?.info;
  const general = [
    ...(may("write") ? [{ group: "commands", text: t("list.new"), icon: icon("plus"), act: () => document.dispatchEvent(new Event("new-session")) }] : []),
    { group: "commands", text: t("approvals.title"), icon: icon("list-checks"), act: () => place.go({ view: "approvals", session: "" }) },
    ...(pairings.mayLook() ? [{ group: "commands", text: t("people.title"), icon: icon("user"), act: () => place.go({ view: "people", session: "" }) }] : []),
    ...(account.current?.owner === null ? [{ group: "commands", text: t("channels.title"), icon: icon("messages-square"), act: () => place.go({ view: "channels", session: "" }) }] : []),
  ];
  if (!info) return general;
  return [...actionsFor(info).map((each) => ({ group: "session", text: t(`action.${each.id}`), note: each.key, icon: icon(each.icon), act: () => run(each, info) })), ...general];
}

/** @returns {Option[]} */
const latest = () => list.rows.slice(0, MOST).map(sessionOption);

/** @param {import("../state/session-info.js").Info} info @returns {Option} */
const sessionOption = (info) => ({
  group: "sessions",
  text: titleOf(info),
  note: ago(info.lastActivity),
  status: info.status,
  icon: machineMark(info.state),
  act: () => place.go({ view: "session", session: info.id, tab: "conversation" }),
});

/** @returns {Option} */
const hitOption = (hit) => ({
  group: "messages",
  text: hit.snippet.map((/** @type {any} */ part) => (part.isMatch ? html`<mark>${part.text}</mark>` : part.text)),
  note: hit.title || hit.session,
  icon: icon("messages-square"),
  act: () => place.go({ view: "session", session: hit.session, tab: "conversation" }),
});

/** @param {Option[]} options */
function grouped(options) {
  /** @type {Map<string, Option[]>} */
  const groups = new Map();
  for (const each of options) groups.set(each.group, [...(groups.get(each.group) ?? []), each]);
  return groups;
}
