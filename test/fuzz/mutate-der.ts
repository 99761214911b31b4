import type { Random } from './random.ts'

/** An element of DER as a tree: constructed elements, and those with DER in a string, have children. */
interface Node {
  readonly tag: number
  readonly contents: Buffer | readonly Node[]
}

const DEEPEST = 5_000

/** Changes one element of DER, and writes all lengths anew. Bytes that aren't DER stay as they are. */
export function mutateDer(bytes: Buffer, random: Random): Buffer {
  const nodes = parse(bytes, 0)
  if (nodes === undefined || nodes.length === 0) return bytes
  return Buffer.concat(change(nodes, random).map(write))
}

function parse(bytes: Buffer, depth: number): Node[] | undefined {
  const nodes: Node[] = []
  for (let at = 0; at < bytes.length;) {
    const [tag = 0, first = 0x80] = bytes.subarray(at, at + 2)
    const width = first < 0x80 ? 0 : first & 0x7f
    if (first === 0x80 || width > 3 || depth > 30 || at + 2 + width > bytes.length) return undefined
    const length = width === 0 ? first : bytes.readUIntBE(at + 2, width)
    const start = at + 2 + width
    if (start + length > bytes.length) return undefined
    const contents = bytes.subarray(start, start + length)
    const holdsDer = (tag & 0x20) !== 0 || (tag === 0x04 && contents.length > 1)
    nodes.push({ tag, contents: (holdsDer ? parse(contents, depth + 1) : undefined) ?? contents })
    at = start + length
  }
  return nodes
}

function write({ tag, contents }: Node): Buffer {
  const body = Buffer.isBuffer(contents) ? contents : Buffer.concat(contents.map(write))
  return Buffer.concat([head(tag, body.length), body])
}

function head(tag: number, length: number): Buffer {
  if (length < 0x80) return Buffer.of(tag, length)
  const width = length < 0x100 ? 1 : length < 0x10000 ? 2 : 3
  const bytes = Buffer.alloc(2 + width)
  bytes[0] = tag
  bytes[1] = 0x80 | width
  bytes.writeUIntBE(length, 2, width)
  return bytes
}

function change(nodes: readonly Node[], random: Random): Node[] {
  const at = random.below(nodes.length)
  const node = nodes[at]
  if (node === undefined) return [...nodes]
  if (!Buffer.isBuffer(node.contents) && node.contents.length > 0 && random.chance(0.85)) {
    return nodes.with(at, { tag: node.tag, contents: change(node.contents, random) })
  }
  return random.pick<() => Node[]>([
    () => nodes.toSpliced(at, 1),
    () => nodes.toSpliced(at, 0, ...Array.from({ length: random.scale(mostCopies(node)) }, () => node)),
    () => nodes.with(at, { ...node, tag: random.below(256) }),
    () => nodes.with(at, random.pick(nodes)),
    () => nodes.with(at, { tag: node.tag, contents: changedBytes(node.contents, random) }),
    () => nodes.with(at, { tag: node.tag, contents: changedBytes(node.contents, random) }),
    () => nodes.with(at, { tag: 0x30, contents: [node] }),
    () => nodes.with(at, { tag: node.tag, contents: nested(random.scale(DEEPEST)) }),
  ])()
}

/** So many that the copies have 256 KiB. */
function mostCopies(node: Node): number {
  return Math.max(1, Math.min(2000, Math.floor(262_144 / write(node).length)))
}

function changedBytes(contents: Node['contents'], random: Random): Buffer {
  const bytes = Buffer.isBuffer(contents) ? contents : Buffer.concat(contents.map(write))
  const copy = Buffer.from(bytes)
  if (copy.length === 0) return Buffer.of(random.below(256))
  copy[random.below(copy.length)] = random.pick([0, 1, 0x7f, 0x80, 0xff, 0x2a, 0x2e, 0x0a, random.below(256)])
  if (random.chance(0.1)) return Buffer.alloc(random.scale(100_000), copy)
  return random.chance(0.2) ? copy.subarray(0, random.below(copy.length)) : copy
}

/** Sequences inside of each other. */
function nested(levels: number): Buffer {
  const heads: Buffer[] = []
  for (let length = 0; heads.length < levels; length += heads.at(-1)?.length ?? 0) heads.push(head(0x30, length))
  return Buffer.concat(heads.toReversed())
}

const BLOCK = /(-----BEGIN [A-Z ]+-----\n)([A-Za-z0-9+/=\s]+)(-----END )/g

/** Changes the DER in one block of a PEM text. */
export function mutatePem(bytes: Buffer, random: Random): Buffer {
  const text = bytes.toString('latin1')
  const blocks = [...text.matchAll(BLOCK)]
  if (blocks.length === 0) return bytes
  const { 0: whole, 1: begin = '', 2: base64 = '', 3: end = '', index } = random.pick(blocks)
  const der = mutateDer(Buffer.from(base64, 'base64'), random)
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  const block = `${begin}${lines.join('\n')}\n${end}`
  return Buffer.from(text.slice(0, index) + block + text.slice(index + whole.length), 'latin1')
}
