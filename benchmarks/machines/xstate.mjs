// XState: `node --expose-gc xstate.mjs (actor SECONDS | pure SECONDS | held SESSIONS)`, the lifecycle as JSON in, JSON out.
// The measurements are those of stopwatch.py and contestants/contestant.py.
import { readFileSync } from "node:fs";
import { createActor, createMachine, initialTransition, transition } from "xstate";

const BLOCK = 5; // milliseconds
const CHECKED = 3; // walks

const [what, amount] = process.argv.slice(2);
const { states, edges, first, walk, taken } = JSON.parse(readFileSync(0, "utf8"));
let done = 0;

function on(state) {
  const own = edges.filter((edge) => edge.source === state);
  return Object.fromEntries(own.map(({ event, target, guard }) => [event, {
    target,
    guard: ({ event }) => event.facts[guard],
    actions: () => { done += 1; },
  }]));
}

const machine = createMachine({
  initial: states[0],
  states: Object.fromEntries(states.map((state) => [state, { on: on(state) }])),
});

function actor() {
  const actor = createActor(machine).start();
  return { kept: actor, send: (event) => actor.send(event) };
}

// transition() decides, and hands the actions over.
function pure() {
  let snapshot = initialTransition(machine)[0];
  return {
    send: (event) => {
      const [next, actions] = transition(machine, snapshot, event);
      snapshot = next;
      for (const action of actions) action.exec?.(action.info, action.params);
    },
  };
}

function active(created) {
  const session = created();
  session.send(first);
  return session;
}

function milliseconds(work, calls) {
  const before = process.cpuUsage();
  for (let call = 0; call < calls; call += 1) work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function millisecondsEach(work, limit) {
  let calls = 1;
  let took = milliseconds(work, calls);
  while (took < BLOCK) {
    calls = Math.max(2 * calls, Math.trunc((calls * BLOCK) / Math.max(took, 1e-6)));
    took = milliseconds(work, calls);
  }
  const blocks = [took];
  for (let all = took; all < limit; all += blocks.at(-1)) blocks.push(milliseconds(work, calls));
  blocks.sort((one, other) => one - other);
  return blocks[blocks.length >> 1] / calls;
}

function walked(created, seconds) {
  const { send } = active(created);
  const once = () => { for (const event of walk) send(event); };
  const before = done;
  for (let lap = 0; lap < CHECKED; lap += 1) once();
  if (done - before !== CHECKED * taken) throw new Error(`${done - before} effects, not ${CHECKED * taken}`);
  millisecondsEach(once, seconds * 1e3); // node compiles meanwhile
  return { microseconds: (millisecondsEach(once, seconds * 1e3) / walk.length) * 1e3 };
}

function used() {
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

function held(sessions) {
  active(actor);
  const before = used();
  const kept = Array.from({ length: sessions }, () => active(actor).kept);
  return { bytes: (used() - before) / kept.length, sessions };
}

const result = what === "held" ? held(Number(amount)) : walked({ actor, pure }[what], Number(amount));
console.log(JSON.stringify(result));
