import { RUNTIME_FOLDER } from './gateway-unit.ts'

/** The name of the file. */
export const IN_FORCE_NAME = 'in-force.json'

/** Where the service of a gateway writes which files it uses: systemd removes it when the service ends. */
export const IN_FORCE_PATH: string = `/run/${RUNTIME_FOLDER}/${IN_FORCE_NAME}`

/** The files that a running gateway uses. */
export interface InForce {
  /** The process of the gateway. */
  readonly pid: number
  /** SHA-256 of the contents that it uses, in hexadecimal, by path. */
  readonly sums: ReadonlyMap<string, string>
}

/** Renders what {@link parseInForce} parses. */
export function renderInForce({ pid, sums }: InForce): string {
  return `${JSON.stringify({ pid, sums: Object.fromEntries(sums) })}\n`
}

/** Undefined for anything else: the gateway is not root, and whoever takes it over can write there. */
export function parseInForce(text: string | undefined): InForce | undefined {
  try {
    const { pid, sums } = JSON.parse(text ?? '') as { pid?: unknown; sums?: unknown }
    if (typeof pid !== 'number' || typeof sums !== 'object' || sums === null) return undefined
    const entries = Object.entries(sums).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
    return { pid, sums: new Map(entries) }
  } catch {
    return undefined
  }
}
