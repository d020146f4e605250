// Senders in lines and cards: those who wait, who are let in, who are one person, and who are outside.

import { may, pairings, place } from "../app.js";
import { t } from "../texts.js";
import { icon } from "../ui/marks.js";
import { html, nothing } from "../ui/lit.js";
import { letIn, part, refuse } from "./deciding.js";

/** @typedef {import("../api/pairings.js").Pairing} Pairing @typedef {import("../api/pairings.js").Person} Person */

/** @param {string} id */
const sessionLink = (id) => html`<a href=${place.href({ view: "session", session: id, tab: "conversation" })}>${id}</a>`;

/** @param {Pairing | undefined} pairing @param {string} sender */
const named = (pairing, sender) => html`${pairing?.name ? html`<b>${pairing.name}</b>` : nothing}<code>${sender}</code>`;

/** Somebody who has shown a code, and waits. @param {Pairing} pairing */
export const waitingCard = (pairing) => html`<li class="asked" data-sender=${pairing.sender}>
  <div class="asked-line">
    ${icon("user")}${named(pairing, pairing.sender)}
    <span class="asked-since">${t("people.validFor")} <time-left at=${pairing.expiresAt ?? nothing}></time-left></span>
  </div>
  <p class="pairing-code"><span class="unseen">${t("people.code")}</span>${pairing.code}</p>
  <div class="decision" role="group" aria-label=${t("people.decide", { sender: pairing.sender })}>
    <span>${t("people.compare")}</span>
    <button type="button" class="button small first" @click=${() => letIn(pairing.code ?? pairing.sender)}>${icon("check")}${t("people.letIn")}</button>
    <button type="button" class="button small" @click=${() => refuse(pairing.sender)}>${t("people.refuseFirst")}</button>
  </div>
</li>`;

/** Senders who are one person. @param {Person} person */
export const personCard = (person) => html`<li class="asked person" data-session=${person.session}>
  <div class="asked-line">${icon("messages-square")}<span>${t("people.share")} ${sessionLink(person.session)}</span></div>
  <ul class="contacts">
    ${person.senders.map(
      (sender) => html`<li class="contact" data-sender=${sender}>
        ${named(pairings.find(sender), sender)}
        <span class="contact-acts">
          ${may("admin") ? html`<button type="button" class="button small plain" aria-label=${t("people.partOf", { sender })} @click=${() => part(sender, person)}>${t("people.partFirst")}</button>` : nothing}
          ${refuseButton(sender)}
        </span>
      </li>`,
    )}
  </ul>
  ${person.joined.length ? html`<p class="joined">${t("people.joined")} ${person.joined.map((each, at) => html`${at ? ", " : ""}${sessionLink(each)}`)}</p>` : nothing}
</li>`;

/**
 * Somebody who is let in, and linked with nobody.
 * @param {Pairing} pairing
 * @param {Set<string>} chosen
 * @param {() => void} whenChosen
 */
export const aloneLine = (pairing, chosen, whenChosen) => html`<li class="contact" data-sender=${pairing.sender}>
  ${may("admin") ? chooser(pairing.sender, chosen, whenChosen) : nothing}
  ${named(pairing, pairing.sender)}
  <a class="contact-session" href=${place.href({ view: "session", session: pairing.session, tab: "conversation" })} aria-label=${t("people.sessionOf", { sender: pairing.sender })}>${t("people.session")}</a>
  <span class="contact-acts">${refuseButton(pairing.sender)}</span>
</li>`;

/** Somebody who is not answered. @param {Pairing} pairing */
export const outsideLine = (pairing) => html`<li class="contact" data-sender=${pairing.sender}>
  ${named(pairing, pairing.sender)}
  <span class="contact-session">${t(`pairing.${pairing.state}`)} <time-ago at=${pairing.since}></time-ago></span>
  <span class="contact-acts"><button type="button" class="button small plain" aria-label=${t("people.letInOf", { sender: pairing.sender })} @click=${() => letIn(pairing.sender)}>${t("people.letIn")}</button></span>
</li>`;

/** @param {string} sender @param {Set<string>} chosen @param {() => void} whenChosen */
export const chooser = (sender, chosen, whenChosen) => html`<input
  type="checkbox"
  class="check"
  aria-label=${t("people.choose", { sender })}
  .checked=${chosen.has(sender)}
  @change=${(/** @type {any} */ event) => {
    if (event.target.checked) chosen.add(sender);
    else chosen.delete(sender);
    whenChosen();
  }}
/>`;

/** @param {string} sender */
const refuseButton = (sender) => html`<button type="button" class="button small plain" aria-label=${t("people.refuseOf", { sender })} @click=${() => refuse(sender)}>${t("people.refuseFirst")}</button>`;
