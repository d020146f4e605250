// Runs machines that were written as XState's JSON, or as SCXML, through their events: for each of the cases on standard
// input, the states and effects after each event, as one line of JSON. With XState an event may also be a number of
// seconds to pass, facts that change, or null for the beginning.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const require = createRequire(`${process.argv[2]}/package.json`);
const { SimulatedClock, createActor, createMachine } = await import(pathToFileURL(require.resolve("xstate")).href);
const scxml = require("@scion-scxml/scxml");

/** The guards of a configuration, each a term in JavaScript of the facts. */
const guardsOf = (terms, facts) =>
  Object.fromEntries(
    Object.entries(terms).map(([name, term]) => [name, () => Function(...Object.keys(facts), `return Boolean(${term})`)(...Object.values(facts))]),
  );

function names(value, around = []) {
  if (typeof value === "string") return [value];
  return Object.entries(value).flatMap(([key, inner]) => (Object.keys(inner).length || typeof inner === "string" ? names(inner, [...around, key]) : [key]));
}

function xstate({ config, guards, facts, events, effects }) {
  const done = [];
  const actions = Object.fromEntries(effects.map((name) => [name, () => done.push(name)]));
  const clock = new SimulatedClock();
  const actor = createActor(createMachine(config, { guards: guardsOf(guards, facts), actions, delays: {} }), { clock }).start();
  return events.map((event) => {
    if (event !== null) done.length = 0;
    if (typeof event === "string") actor.send({ type: event });
    else if (typeof event === "number") for (let passed = 0; passed < event; passed += 0.5) clock.increment(500);
    else if (event !== null) Object.assign(facts, event);
    return { states: names(actor.getSnapshot().value), effects: [...done] };
  });
}

async function scion({ document, facts, events }) {
  const text = document.replace(/<data id="(\w+)" expr="false" ?\/>/g, (_, name) => `<data id="${name}" expr="${facts[name] ?? false}"/>`);
  const factory = await new Promise((resolve, reject) =>
    scxml.documentStringToModel("machine.scxml", text, (error, model) => (error ? reject(error) : model.prepare((failed, ready) => (failed ? reject(failed) : resolve(ready))))),
  );
  const done = [];
  const session = new scxml.core.Statechart(factory, { console: { log: (label, effect) => done.push(effect ?? label) } });
  session.start();
  return events.map((event) => {
    done.length = 0;
    session.gen({ name: event });
    return { states: session.getConfiguration(), effects: [...done] };
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const given = JSON.parse(line);
  let answer;
  try {
    answer = given.document === undefined ? xstate(given) : await scion(given);
  } catch (error) {
    answer = { error: String(error?.stack ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
