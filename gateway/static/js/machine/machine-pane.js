// The machine of a session, and that of its turn, followed live.

import { ask } from "../api/http.js";
import { command, read } from "../api/sessions.js";
import { refusalOf, rememberRefusal } from "../state/refusals.js";
import { atMostEvery, everyFrame } from "../state/schedule.js";
import { t } from "../texts.js";
import { everySecond } from "../ui/clock.js";
import { icon } from "../ui/marks.js";
import { html, nothing, render } from "../ui/lit.js";
import { toast } from "../ui/toasts.js";
import { eventsView } from "./events-view.js";
import { figureView } from "./figure-view.js";
import { edgeOf, litAfter, scrubber } from "./scrubber.js";

const MACHINES = ["session", "turn"];
const BETWEEN_LOOKS = 150; // milliseconds
const ZOOMS = [0.3, 0.4, 0.5, 0.65, 0.8, 1, 1.25];
const UNDOABLE = new Set(["compact", "clear"]);

/** @type {Map<string, any>} drawn machines, which never change */
const drawn = new Map();

export class MachinePane {
  /** @param {HTMLElement} root @param {import("../state/open-session.js").OpenSession} session */
  constructor(root, session) {
    this.root = root;
    this.session = session;
    this.machine = "session";
    /** @type {any[]} */
    this.lifecycles = [];
    /** @type {import("./scrubber.js").Transition[]} */
    this.transitions = [];
    /** @type {number | null} how many transitions are looked at; null for all, as they come */
    this.at = null;
    this.zoom = 0;
    this.refused = refusalOf(session.key);
    this.draw = everyFrame(() => this.#draw());
    this.look = atMostEvery(BETWEEN_LOOKS, () => this.#look());
    session.addEventListener("change", this.look);
    this.stopTicking = everySecond(this.draw);
    this.look();
    this.#draw();
  }

  close() {
    this.isClosed = true;
    this.stopTicking();
    this.session.removeEventListener("change", this.look);
  }

  async #look() {
    if (this.isClosed) return;
    try {
      const [{ lifecycles }, { transitions }] = await Promise.all([read(this.session.key, "lifecycles"), read(this.session.key, "transitions"), this.#drawing(this.machine)]);
      Object.assign(this, { lifecycles, transitions, trouble: null });
    } catch (error) {
      this.trouble = error;
    }
    this.draw();
  }

  /** @param {string} name */
  async #drawing(name) {
    if (!drawn.has(name)) drawn.set(name, await ask("GET", `api/v1/machines/${name}`));
  }

  /** @param {string} name */
  async #choose(name) {
    this.machine = name;
    this.zoom = 0;
    this.shownState = undefined;
    await this.#drawing(name).catch((error) => (this.trouble = error));
    this.draw();
  }

  get #lifecycle() {
    return this.lifecycles.find((each) => each.machine === this.machine);
  }

  /** What is lit: as it stands, or as it stood. @returns {import("./figure-view.js").Lit} */
  get #lit() {
    const { info } = this.session;
    const lifecycle = this.#lifecycle;
    if (this.machine === "session" && this.at !== null) return litAfter(this.transitions, this.at);
    const { figure } = drawn.get(this.machine);
    const around = new Set([lifecycle.state, ...figure.states.filter((/** @type {any} */ each) => each.kind === "composite").map((/** @type {any} */ each) => each.name)]);
    const open = new Set(lifecycle.events.filter((/** @type {any} */ each) => !each.refusedBy).map((/** @type {any} */ each) => each.label));
    const edges = figure.edges.filter((/** @type {any} */ each) => around.has(each.source) && open.has(each.label));
    const last = this.machine === "session" ? this.transitions.at(-1) : undefined;
    return {
      state: lifecycle.state,
      last: last ? edgeOf(last) : "",
      taken: this.machine === "session" ? (info?.edges ?? {}) : {},
      open: new Set(edges.map((/** @type {any} */ each) => each.edge)),
    };
  }

  #draw() {
    if (this.isClosed) return;
    const picture = drawn.get(this.machine);
    const isThere = picture && this.#lifecycle;
    render(
      html`<div class="machine">
        <div class="machine-bar">
          <div class="segments" role="group" aria-label=${t("machine.which")}>
            ${MACHINES.map((name) => html`<button type="button" aria-pressed=${String(name === this.machine)} @click=${() => this.#choose(name)}>${t(`machine.${name}`)}</button>`)}
          </div>
          ${isThere ? this.#zooming(picture.figure) : nothing}
        </div>
        ${this.trouble ? html`<div class="notice" role="alert">${icon("triangle-alert")}<span>${this.trouble.message || t("problem.unreachable")}</span></div>` : nothing}
        ${isThere ? this.#content(picture) : html`<p class="loading">${t("conversation.loading")}</p>`}
      </div>`,
      this.root,
    );
    if (isThere) this.#follow(picture.figure);
  }

  #content(picture) {
    const lit = this.#lit;
    const isNow = this.at === null || this.machine !== "session";
    return html`<div class="machine-stage scrolls" tabindex="0" aria-label=${t("machine.stage")}>${figureView(t(`machine.${this.machine}`), picture.figure, lit, this.zoom || this.#fitting(picture.figure))}</div>
      ${this.machine === "session" ? scrubber(this.transitions, this.at, (at) => this.#go(at)) : nothing}
      <aside class="machine-side">
        <h2>${t(isNow ? "machine.now" : "machine.then")} <span class="state-name">${lit.state === "[*]" ? t("machine.begin") : lit.state}</span></h2>
        ${isNow ? this.#refusal() : nothing} ${isNow ? eventsView(this.#lifecycle.events, (name, event) => this.#raise(name, event)) : html`<p class="about">${t("machine.past")}</p>`}
        ${isNow && this.#lifecycle.events.length === 0 ? html`<p class="about">${t("machine.noEvents")}</p>` : nothing}
      </aside>`;
  }

  /** The event that was refused last: one that was raised here, else the first that would be refused now. */
  #refusal() {
    const refused = this.refused ?? this.#lifecycle.events.find((/** @type {any} */ each) => each.refusedBy);
    if (!refused) return nothing;
    return html`<p class="refusal" role="status">${icon("x")}<span>${t("machine.refused", { event: refused.label })} <code>${refused.refusedBy || refused.reason}</code></span></p>`;
  }

  /** @param {any} refused */
  #remember(refused) {
    this.refused = refused;
    rememberRefusal(this.session.key, refused);
  }

  /** @param {number | null} at */
  #go(at) {
    this.at = at;
    this.draw();
  }

  /** @param {string} name @param {any} event */
  async #raise(name, event) {
    try {
      await command(this.session.key, name);
      this.#remember(undefined);
      toast({ text: t("machine.raised", { event: event.label }), undo: UNDOABLE.has(name) ? () => command(this.session.key, "undo") : undefined });
    } catch (error) {
      const known = this.#lifecycle?.events.find((/** @type {any} */ each) => each.event === event.event);
      this.#remember({ label: event.label, refusedBy: known?.refusedBy, reason: error.message });
      toast({ text: error.message, isFailed: true });
    }
    this.look();
  }

  #zooming(figure) {
    const zoom = this.zoom || this.#fitting(figure);
    const to = (/** @type {number | undefined} */ value) => () => {
      this.zoom = value ?? this.#fitting(figure);
      this.draw();
    };
    return html`<div class="zooming">
      <button type="button" class="button small plain" @click=${to(this.#whole(figure))}>${t("machine.fit")}</button>
      <button type="button" class="tool small" aria-label=${t("machine.smaller")} @click=${to(ZOOMS.findLast((each) => each < zoom - 0.01) ?? zoom)}>−</button>
      <span class="figures">${Math.round(100 * zoom)} %</span>
      <button type="button" class="tool small" aria-label=${t("machine.larger")} @click=${to(ZOOMS.find((each) => each > zoom + 0.01) ?? zoom)}>+</button>
    </div>`;
  }

  /** The zoom at which all of it can be seen. */
  #whole(figure) {
    const stage = this.root.querySelector(".machine-stage") ?? this.root;
    return Math.min(1, Math.max(0.15, (stage.clientWidth - 24) / figure.width), Math.max(0.15, (stage.clientHeight - 16) / figure.height || 1));
  }

  /** The zoom to begin with: all of it, unless that is too small to read. */
  #fitting(figure) {
    const whole = this.#whole(figure);
    return whole < 0.6 ? 0.8 : whole;
  }

  /** Keep the current state in sight. */
  #follow(figure) {
    const { state } = this.#lit;
    if (state === this.shownState) return;
    this.shownState = state;
    const stage = this.root.querySelector(".machine-stage");
    const box = figure.states.find((/** @type {any} */ each) => (state === "[*]" ? each.kind === "start" && !each.name : each.name === state && each.kind !== "start"));
    if (!stage || !box) return;
    const zoom = this.zoom || this.#fitting(figure);
    const [x, y] = [(box.x - figure.x + box.width / 2) * zoom, (box.y - figure.y + box.height / 2) * zoom];
    stage.scrollTo({ left: x - stage.clientWidth / 2, top: y - stage.clientHeight / 2 });
  }
}

