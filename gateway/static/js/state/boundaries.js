// Boundaries: the places of a conversation where messages left the context, and what stands for them.

/**
 * @typedef {object} Checkpoint as the gateway tells of it
 * @property {string} name
 * @property {"compaction" | "clear" | "rewind" | "regeneration"} kind
 * @property {string} at
 * @property {string} [by]
 * @property {string} [before] the name of the one in front of it
 * @property {number} [tokens]
 * @property {[number, number][]} [taken]
 * @property {Summary} [summary] the one that there was
 *
 * @typedef {{text: string, first: number, last: number, method: string, before: number, after: number, at: string}} Summary
 *
 * @typedef {object} Boundary
 * @property {string} name of the checkpoint
 * @property {Checkpoint["kind"]} kind
 * @property {string} at
 * @property {string} by
 * @property {[number, number][]} taken
 * @property {number} place the number of the message behind which it stands
 * @property {number} count of the messages that left
 * @property {Summary | null} summary that a compaction made
 * @property {number} seconds that it took
 * @property {boolean} isLatest it can be undone
 */

/**
 * @param {Checkpoint[]} checkpoints the oldest first
 * @param {{at: string, seconds?: number}[]} attempts
 * @param {Summary | null} summary the one of now
 * @param {string} undo the name of the latest that was not taken back
 * @returns {Boundary[]}
 */
export function boundariesOf(checkpoints, attempts, summary, undo) {
  const known = new Map(checkpoints.map((each) => [each.name, each]));
  /** @type {Boundary[]} */
  const found = [];
  let made = summary;
  for (let each = known.get(undo); each; each = known.get(each.before ?? "")) {
    found.unshift(boundaryOf(each, each.kind === "compaction" ? made : null, attempts, undo));
    made = each.summary ?? null;
  }
  return found.filter((each) => each.count > 0);
}

/** @returns {Boundary} */
function boundaryOf(checkpoint, summary, attempts, undo) {
  const taken = checkpoint.taken ?? [];
  const attempt = attempts.find((each) => each.at === checkpoint.at);
  return {
    name: checkpoint.name,
    kind: checkpoint.kind,
    at: checkpoint.at,
    by: checkpoint.by ?? "",
    taken,
    place: Math.max(0, ...taken.map(([, last]) => last)),
    count: taken.reduce((sum, [first, last]) => sum + last - first + 1, 0),
    summary,
    seconds: attempt?.seconds ?? 0,
    isLatest: checkpoint.name === undo,
  };
}

/** The boundary at which a message left the context, if it did. @param {Boundary[]} boundaries @param {number} number */
export const boundaryOfMessage = (boundaries, number) =>
  boundaries.find((each) => each.taken.some(([first, last]) => first <= number && number <= last));
