import { isBuiltin } from 'node:module'
import { join } from 'node:path'

/** What loading costs, in milliseconds (measured: CONTRIBUTING.md, "Start-up"). */
export const ES_MODULE_COSTS = { file: 0.8, kilobyte: 0.05, builtin: 3, npmPackage: 5 }
/** The command loads modules of Node.js and packages only when it uses them. */
export const COMMON_JS_COSTS = { file: 0.3, kilobyte: 0.1, builtin: 0, npmPackage: 0 }

/** Modules that Node itself has loaded by then, or loads in less than a millisecond. */
const CHEAP = new Set(
  ['diagnostics_channel', 'events', 'os', 'path', 'timers/promises', 'url', 'util'].map((name) => `node:${name}`),
)

/**
 * Decides which chunks of esbuild to join into one file each. esbuild writes a chunk for each set of files that are loaded
 * together, commands and late imports included: more than a hundred small ones, and to open a file costs as much as to read
 * 16 KB. To join two chunks spares a file to each entry point that loads both, and costs each that loads only one the code of
 * the other, with all that it imports. This joins the two with the greatest gain as long as there is one.
 *
 * @param outputs - the files of the metafile by path
 * @param weights - how much the start of an entry point counts, by its source; 1 for each that isn't named, such as a command
 * @param costs - what loading costs
 * @returns the paths of the chunks, in groups
 */
export function planChunks(outputs, { weights, costs, root }) {
  const nodes = new Map([...outputs].map(([path, output]) => [path, nodeOf(path, output)]))
  for (const [path, { imports }] of outputs) {
    const files = statements(imports).flatMap((one) => nodes.get(join(root, one.path)) ?? [])
    nodes.get(path).imports = new Set(files)
  }
  const entries = [...nodes.values()].filter(({ source }) => source !== undefined)
  let chunks = [...nodes.values()].filter(({ source }) => source === undefined)
  for (;;) {
    const best = bestPair(chunks, startsOf(entries, weights), costs)
    if (best === undefined) return chunks.map(({ paths }) => paths)
    const joined = joinedNode(best)
    for (const node of [...chunks, ...entries]) {
      const found = best.filter((one) => node.imports.delete(one))
      if (found.length > 0) node.imports.add(joined)
    }
    chunks = [...chunks.filter((one) => !best.includes(one)), joined]
  }
}

const statements = (imports) => imports.filter(({ kind }) => kind === 'import-statement')

function nodeOf(path, { entryPoint, bytes, imports }) {
  const modules = statements(imports).filter(({ external }) => external)
  return { paths: [path], source: entryPoint, bytes, modules: new Set(modules.map((one) => one.path)) }
}

function joinedNode([one, other]) {
  const imports = new Set([...one.imports, ...other.imports])
  imports.delete(one)
  imports.delete(other)
  const modules = new Set([...one.modules, ...other.modules])
  return { paths: [...one.paths, ...other.paths], bytes: one.bytes + other.bytes, modules, imports }
}

/** What each entry point loads when it starts. */
function startsOf(entries, weights) {
  return entries.map((entry) => {
    const nodes = loadedBy(entry)
    const modules = new Set([...nodes].flatMap((node) => [...node.modules]))
    return { weight: weights[entry.source] ?? 1, nodes, modules }
  })
}

function loadedBy(node, loaded = new Set()) {
  loaded.add(node)
  for (const one of node.imports) if (!loaded.has(one)) loadedBy(one, loaded)
  return loaded
}

function bestPair(chunks, starts, costs) {
  const closures = new Map(chunks.map((chunk) => [chunk, loadedBy(chunk)]))
  const users = new Map(chunks.map((chunk) => [chunk, starts.filter(({ nodes }) => nodes.has(chunk))]))
  let best
  for (const [index, one] of chunks.entries()) {
    for (const other of chunks.slice(index + 1)) {
      const gain = gainOf([one, other], { users, closures, costs })
      if (gain > (best?.gain ?? 0) && !importsItself([one, other], closures)) best = { gain, pair: [one, other] }
    }
  }
  return best?.pair
}

function gainOf([one, other], { users, closures, costs }) {
  let gain = 0
  for (const { nodes, weight } of users.get(one)) if (nodes.has(other)) gain += weight * costs.file
  for (const [used, added] of [
    [one, other],
    [other, one],
  ]) {
    for (const start of users.get(used)) {
      if (gain <= 0) return 0
      if (!start.nodes.has(added)) gain -= start.weight * costOf(added, start, { closures, costs })
    }
  }
  return gain
}

/** What it costs an entry point to load a chunk because that is a part of another file. */
function costOf(chunk, { nodes, modules }, { closures, costs }) {
  let cost = -costs.file
  for (const node of closures.get(chunk)) {
    if (nodes.has(node)) continue
    cost += costs.file + (node.bytes / 1024) * costs.kilobyte
    for (const module of node.modules) if (!modules.has(module)) cost += costOfModule(module, costs)
  }
  return cost
}

function costOfModule(name, { npmPackage, builtin }) {
  if (!isBuiltin(name)) return npmPackage
  return CHEAP.has(name) ? 0 : builtin
}

/** Whether two chunks, joined, would import themselves by way of a third: then their classes would be used before they exist. */
function importsItself(pair, closures) {
  const others = pair.flatMap(({ imports }) => [...imports]).filter((node) => !pair.includes(node))
  return others.some((node) => pair.some((one) => closures.get(node)?.has(one)))
}
