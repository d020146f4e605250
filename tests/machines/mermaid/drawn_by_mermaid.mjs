// Says what mermaid draws: texts come as JSON on standard input, pictures go the same way, null for what mermaid refuses.
// Argument: node_modules.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const modules = path.resolve(process.argv[2]);
const { JSDOM } = createRequire(path.join(modules, "/"))("jsdom");
const dom = new JSDOM("<!DOCTYPE html><body></body>");
globalThis.window = dom.window;
globalThis.document = dom.window.document;
const { default: mermaid } = await import(pathToFileURL(path.join(modules, "mermaid/dist/mermaid.core.mjs")));

const KINDS = { choice: "choice", fork: "fork", join: "join" };

function drawn(data) {
  const nodes = new Map(data.nodes.map((node) => [node.id, node]));
  const dividers = new Map();
  for (const node of data.nodes.filter((each) => each.shape === "divider")) {
    dividers.set(node.parentId, [...(dividers.get(node.parentId) ?? []), node.id]);
  }
  const home = (node) => {
    const around = nodes.get(node.parentId);
    if (around?.shape === "divider") {
      return [around.parentId, dividers.get(around.parentId).indexOf(around.id)];
    }
    return [node.parentId ?? "", 0];
  };
  const isEnd = (id) => ["stateStart", "stateEnd"].includes(nodes.get(id).shape);
  const states = {};
  for (const node of data.nodes) {
    if (!["divider", "noteGroup", "note"].includes(node.shape) && !isEnd(node.id)) {
      states[node.id] = [KINDS[node.shape] ?? "state", ...home(node)];
    }
  }
  const edges = data.edges.filter((edge) => edge.arrowhead !== "none").map(({ start, end, label }) => {
    const ends = [start, end].filter(isEnd);
    const place = ends.length ? home(nodes.get(ends[0])) : null;
    return [isEnd(start) ? "[*]" : start, isEnd(end) ? "[*]" : end, label ?? "", place];
  });
  return { states, edges };
}

await mermaid.parse("stateDiagram-v2\nA --> B"); // it knows its diagrams only then
const pictures = [];
for (const text of JSON.parse(fs.readFileSync(0, "utf8"))) {
  const diagram = await mermaid.mermaidAPI.getDiagramFromText(text).catch(() => null);
  pictures.push(diagram && drawn(diagram.db.getData()));
}
fs.writeSync(1, JSON.stringify(pictures));
