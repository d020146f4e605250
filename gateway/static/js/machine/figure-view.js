// A machine as it is drawn: its states and edges, what is current lit, and how often each edge was taken.

import { t } from "../texts.js";
import { ago, number } from "../ui/format.js";
import { html, nothing, svg } from "../ui/lit.js";

const CORNER = 9;
const LINE = 17; // between the lines of a label

/**
 * @typedef {{x: number, y: number, width: number, height: number}} Box
 * @typedef {Box & {name: string, kind: "state" | "composite" | "start" | "end"}} FigureState
 * @typedef {Box & {edge: string, source: string, target: string, label: string, path: string}} FigureEdge
 * @typedef {Box & {states: FigureState[], edges: FigureEdge[]}} Figure
 *
 * @typedef {object} Lit what is shown in a figure
 * @property {string} state the current one; `[*]` where there is none
 * @property {string} last the edge that was taken last
 * @property {Record<string, {count: number, last: string}>} taken by edges
 * @property {Set<string>} open edges that would be taken now
 */

/** @param {string} title @param {Figure} figure @param {Lit} lit @param {number} zoom */
export const figureView = (title, figure, lit, zoom) => html`<svg
  class="figure"
  role="img"
  aria-label=${t("machine.figure", { title, state: lit.state })}
  viewBox=${`${figure.x} ${figure.y} ${figure.width} ${figure.height}`}
  width=${Math.round(figure.width * zoom)}
  height=${Math.round(figure.height * zoom)}
>
  <defs>
    <marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path class="arrow" d="M0 0.6 10 5 0 9.4Z" /></marker>
    <marker id="arrow-lit" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="11" markerHeight="11" markerUnits="userSpaceOnUse" orient="auto"><path class="arrow is-lit" d="M0 0.6 10 5 0 9.4Z" /></marker>
  </defs>
  ${figure.states.filter((each) => each.kind === "composite").map((each) => composite(each, lit))}
  ${ordered(figure.edges, lit).map((each) => path(each, lit))} ${figure.states.filter((each) => each.kind !== "composite").map((each) => state(each, lit))}
  ${ordered(figure.edges, lit).map((each) => label(each, lit))}
</svg>`;

/** The edge that was taken last lies over the others. @param {FigureEdge[]} edges @param {Lit} lit */
const ordered = (edges, lit) => [...edges].sort((a, b) => Number(a.edge === lit.last) - Number(b.edge === lit.last));

/** @param {FigureState} box @param {Lit} lit */
const composite = (box, lit) => svg`<g class=${lit.state === box.name ? "composite is-current" : "composite"}>
  <rect x=${box.x} y=${box.y} width=${box.width} height=${box.height} rx=${CORNER} />
  <text x=${box.x + 14} y=${box.y + 18}>${box.name}</text>
</g>`;

/** @param {FigureState} box @param {Lit} lit */
function state(box, lit) {
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  if (box.kind !== "state") {
    const isCurrent = box.kind === "start" && box.name === "" && lit.state === "[*]";
    return svg`<circle class=${isCurrent ? "point is-current" : "point"} cx=${x} cy=${y} r="6" />`;
  }
  const isCurrent = box.name === lit.state;
  return svg`<g class=${isCurrent ? "node is-current" : "node"} data-state=${box.name}>
    ${isCurrent ? svg`<rect class="glow" x=${box.x - 5} y=${box.y - 5} width=${box.width + 10} height=${box.height + 10} rx=${CORNER + 5} />` : nothing}
    <rect class="box" x=${box.x} y=${box.y} width=${box.width} height=${box.height} rx=${CORNER} />
    <text x=${x} y=${y}>${box.name}</text>
  </g>`;
}

/** @param {FigureEdge} edge @param {Lit} lit */
function classesOf(edge, lit) {
  const classes = ["edge"];
  if (edge.edge === lit.last) classes.push("is-last");
  if (lit.taken[edge.edge]) classes.push("is-taken");
  if (lit.open.has(edge.edge)) classes.push("is-open");
  return classes.join(" ");
}

/** @param {FigureEdge} edge @param {Lit} lit */
const path = (edge, lit) => svg`<path class=${classesOf(edge, lit)} d=${edge.path} marker-end=${edge.edge === lit.last ? "url(#arrow-lit)" : "url(#arrow)"} />`;

/** @param {FigureEdge} edge @param {Lit} lit */
function label(edge, lit) {
  if (!edge.label) return nothing;
  const taken = lit.taken[edge.edge];
  const top = taken ? edge.y - LINE / 2 : edge.y;
  return svg`<g class=${`edge-label ${classesOf(edge, lit)}`} data-edge=${edge.edge}>
    <rect x=${edge.x - edge.width / 2} y=${edge.y - (taken ? LINE + 2 : LINE / 2 + 3)} width=${edge.width} height=${taken ? 2 * LINE + 4 : LINE + 6} rx="4" />
    <text x=${edge.x} y=${top}>${edge.label}</text>
    ${taken ? svg`<text class="count" x=${edge.x} y=${top + LINE}>${number(taken.count)} × · ${ago(taken.last)}</text>` : nothing}
  </g>`;
}
