// People who write through channels: who waits to be let in, who is let in, and which senders are one person.

import { may, pairings, place } from "../app.js";
import { everyFrame } from "../state/schedule.js";
import { t } from "../texts.js";
import { icon, machineMark } from "../ui/marks.js";
import { html, nothing, render, repeat } from "../ui/lit.js";
import { aloneLine, chooser, outsideLine, personCard, waitingCard } from "./contacts.js";
import { letIn, link } from "./deciding.js";

export class PeoplePane {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    /** @type {Set<string>} senders that are to be linked */
    this.chosen = new Set();
    this.draw = everyFrame(() => this.#draw());
    pairings.addEventListener("change", this.draw);
    pairings.refresh();
    this.#draw();
  }

  close() {
    pairings.removeEventListener("change", this.draw);
    this.isClosed = true;
  }

  #draw() {
    if (this.isClosed) return;
    render(
      html`<section class="session people" aria-labelledby="people-title">
        <header class="head">
          <div class="head-line">
            <a class="tool back" href=${place.href({ view: "", session: "" })} aria-label=${t("open.back")}>${icon("arrow-left")}</a>
            <div class="head-title"><h1 id="people-title">${t("people.title")}</h1></div>
            <a class="button small plain" href=${place.href({ view: "channels", session: "" })}>${icon("messages-square")}${t("channels.title")}</a>
          </div>
          <p class="head-facts">${t("people.about")}</p>
          <div></div>
        </header>
        <div class="scrolls body-padded sections">${this.#content()}</div>
      </section>`,
      this.root,
    );
  }

  #content() {
    if (!pairings.mayLook()) return html`<div class="empty">${machineMark()}<h2>${t("people.notYours")}</h2><p>${t("people.notYoursHow")}</p></div>`;
    if (pairings.trouble) return html`<div class="notice" role="alert">${icon("triangle-alert")}<span>${pairings.trouble.message || t("problem.unreachable")}</span></div>`;
    if (!pairings.isLoaded) return html`<p class="loading">${t("conversation.loading")}</p>`;
    const { waiting, people, outside, decisions } = pairings;
    return html`
      ${section("waiting", waiting.length ? html`<ul class="asked-list">${repeat(waiting, (each) => each.sender, waitingCard)}</ul>` : html`<p class="note">${t("people.noneWaits")}</p>`)}
      ${people.length ? section("one", html`<ul class="asked-list">${repeat(people, (each) => each.session, personCard)}</ul>`) : nothing}
      ${this.#alone()} ${byName()}
      ${outside.length ? section("outside", html`<ul class="contacts">${repeat(outside, (each) => each.sender, outsideLine)}</ul>`) : nothing}
      ${decisions.length ? section("decided", html`<ul class="contacts decisions">${decisions.map(decided)}</ul>`) : nothing}
    `;
  }

  /** Those who are let in by themselves, and may be linked with each other or with a person. */
  #alone() {
    const { alone, people } = pairings;
    const persons = may("admin") ? people : [];
    if (alone.length === 0 && persons.length < 2) return nothing;
    const ids = new Set([...alone.map((each) => each.sender), ...persons.map((each) => each.senders[0])]);
    for (const each of this.chosen) if (!ids.has(each)) this.chosen.delete(each);
    return section(
      "alone",
      html`<ul class="contacts">
          ${repeat(alone, (each) => each.sender, (each) => aloneLine(each, this.chosen, this.draw))}
          ${persons.map((each) => html`<li class="contact">${chooser(each.senders[0], this.chosen, this.draw)}<span>${t("people.theOneOf", { session: each.session })}</span></li>`)}
        </ul>
        ${may("admin") ? html`<button type="button" class="button" ?disabled=${this.chosen.size < 2} @click=${() => this.#link()}>${t("people.link", { n: Math.max(1, this.chosen.size) })}</button>` : nothing}`,
    );
  }

  async #link() {
    if (await link([...this.chosen])) this.chosen.clear();
    this.draw();
  }
}

/** @param {string} name @param {unknown} content */
const section = (name, content) => html`<section class="people-section" aria-labelledby=${`people-${name}`}><h2 id=${`people-${name}`}>${t(`people.${name}`)}</h2>${content}</section>`;

/** Letting somebody in who has no code, or whose code was told. */
function byName() {
  const take = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const whom = String(new FormData(form).get("whom")).trim();
    if (whom) letIn(whom).then(() => form.reset());
  };
  return section(
    "byName",
    html`<form class="by-name" @submit=${take}>
      <label class="label">${t("people.whom")}<input class="field" name="whom" autocomplete="off" autocapitalize="characters" spellcheck="false" placeholder="4KX7-QM2P" /></label>
      <button class="button">${t("people.letIn")}</button>
    </form>`,
  );
}

/** @param {import("../api/pairings.js").Decision} decision */
const decided = (decision) => html`<li class="contact">
  <span>${t(`decided.${decision.act}`)}</span>${decision.senders.map((each) => html`<code>${each}</code>`)}
  <span class="contact-session">${t("people.by", { by: decision.by ?? "?", origin: decision.origin })} <time-ago at=${decision.at}></time-ago></span>
</li>`;
