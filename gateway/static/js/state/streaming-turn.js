// The part of a running turn that is not durable yet, as its pieces come.

/**
 * @typedef {{type: string, text?: string, id?: string, name?: string, input?: object, content?: unknown, is_error?: boolean, reason?: string, seconds?: number, attempt?: number}} Piece
 * @typedef {{kind: "text" | "thinking", text: string}
 *   | {kind: "call", id: string, name: string, input: object, answer?: Piece, isAsked: boolean}
 *   | {kind: "note", piece: Piece}} Part
 */

export class StreamingTurn {
  constructor() {
    this.attempt = 0;
    this.messageId = "";
    this.taken = 0; // pieces
    /** @type {Part[]} */
    this.parts = [];
  }

  get isEmpty() {
    return this.parts.length === 0;
  }

  /** @param {{attempt: number, messageId: string, piece: Piece}} event */
  take({ attempt, messageId, piece }) {
    if (attempt !== this.attempt || messageId !== this.messageId) {
      this.attempt = attempt;
      this.messageId = messageId;
      this.parts = [];
    }
    this.taken += 1;
    this.#add(piece);
  }

  /** @param {Piece} piece */
  #add(piece) {
    const last = this.parts.at(-1);
    if (piece.type === "text" || piece.type === "thinking") {
      if (!piece.text) return;
      if (last?.kind === piece.type) last.text += piece.text;
      else this.parts.push({ kind: piece.type, text: piece.text });
    } else if (piece.type === "tool_call" || piece.type === "approval_wanted") {
      const call = this.#call(piece.id ?? "");
      if (call) call.isAsked = piece.type === "approval_wanted";
      else this.parts.push({ kind: "call", id: piece.id ?? "", name: piece.name ?? "", input: piece.input ?? {}, isAsked: piece.type === "approval_wanted" });
    } else if (piece.type === "tool_answer") {
      const call = this.#call(piece.id ?? "");
      if (call) Object.assign(call, { answer: piece, isAsked: false });
    } else {
      this.parts.push({ kind: "note", piece });
    }
  }

  /** @param {string} id */
  #call(id) {
    return /** @type {Extract<Part, {kind: "call"}> | undefined} */ (this.parts.find((part) => part.kind === "call" && part.id === id));
  }

  /** Forget what is durable by now: all up to the last call that a message has. @param {Set<string>} calls */
  settle(calls) {
    const last = this.parts.findLastIndex((part) => part.kind === "call" && calls.has(part.id));
    if (last >= 0) this.parts = this.parts.slice(last + 1);
  }

  end() {
    this.parts = [];
  }
}
