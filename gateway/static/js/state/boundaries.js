// Boundaries: the places of a conversation where messages left the context, and what stands for them.

/**
 * @typedef {{text: string, first: number, last: number, method: string, before: number, after: number, at: string}} Summary
 *
 * @typedef {object} ToldBoundary as the gateway tells of it
 * @property {string} checkpoint
 * @property {"compaction" | "clear" | "rewind" | "regeneration"} kind
 * @property {string} at
 * @property {string} [by]
 * @property {[number, number][]} taken
 * @property {Summary} [summary]
 * @property {boolean} [isUndone]
 * @property {boolean} [canUndo]
 *
 * @typedef {object} Boundary
 * @property {string} name of the checkpoint
 * @property {ToldBoundary["kind"]} kind
 * @property {string} at
 * @property {string} by
 * @property {number} first the number of the first message that left
 * @property {number} place the number of the last one, behind which the boundary stands
 * @property {number} count of those that left
 * @property {Summary | null} summary that a compaction made
 * @property {boolean} canUndo
 */

/** The boundaries that hold, in the order of their places. @param {Iterable<ToldBoundary>} told @returns {Boundary[]} */
export const boundariesOf = (told) =>
  [...told]
    .filter((each) => !each.isUndone && each.taken.length > 0)
    .map(boundaryOf)
    .sort((a, b) => a.place - b.place);

/** @param {ToldBoundary} told @returns {Boundary} */
const boundaryOf = ({ checkpoint, kind, at, by = "", taken, summary, canUndo = false }) => ({
  name: checkpoint,
  kind,
  at,
  by,
  first: Math.min(...taken.map(([first]) => first)),
  place: Math.max(...taken.map(([, last]) => last)),
  count: taken.reduce((sum, [first, last]) => sum + last - first + 1, 0),
  summary: kind === "compaction" ? (summary ?? null) : null,
  canUndo,
});
