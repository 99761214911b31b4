import { PolicyError, type PolicyFault } from '../../base/errors.ts'
import { escapeText, printable, quoted } from '../../base/text.ts'

/** Keys and indexes from the top of the policy. */
export type Path = readonly (string | number)[]

/** Something in the policy that is refused. Its texts are made late: only the first faults are shown. */
export interface Fault {
  readonly path: Path
  /** The key itself is wrong, not its value. */
  readonly atKey?: boolean
  readonly says: () => Complaint
}

/** What is there, as a clause, and the remedy, as a sentence. */
export interface Complaint {
  readonly got: string
  readonly todo: string
}

/** The place of a fault in the file. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** No reader corrects more at once. */
const MOST_FAULTS = 20

/** Line and column of an offset, both from 1. */
export function placeOf(text: string, offset: number): Place {
  const before = text.slice(0, offset)
  const start = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: offset - start + 1 }
}

/** The error for these faults, of which there is at least one; the first come first. `where` names the file, if there is one. */
export function refusal(
  where: string | undefined,
  faults: readonly Fault[],
  placed?: (fault: Fault) => Place,
  cause?: unknown,
): PolicyError {
  const shown = faults.slice(0, MOST_FAULTS).map((fault): PolicyFault => {
    const { got, todo } = fault.says()
    return { path: formatPath(fault.path), ...placed?.(fault), got: escapeText(got), todo: escapeText(todo) }
  })
  const [first] = shown
  const tried = 'reading the policy'
  if (first === undefined || faults.length === 1) {
    const { got = '', todo = '' } = first ?? {}
    const at = first === undefined ? '' : position(where, first)
    return new PolicyError('ERR_POLICY_INVALID', { tried, got: `${at}${got}`, todo, faults: shown, cause })
  }
  return new PolicyError('ERR_POLICY_INVALID', {
    tried,
    got: `${where === undefined ? 'it' : printable(where)} has ${countText(faults.length)}`,
    details: shown.map((fault) => `${position(where, fault)}${fault.got}. ${fault.todo}`),
    todo: 'Correct each of them. The policy is refused until all of it is valid.',
    faults: shown,
    cause,
  })
}

function countText(count: number): string {
  return `${count} faults${count > MOST_FAULTS ? `, of which these are the first ${MOST_FAULTS}` : ''}`
}

/** `policy.yaml:7:12: rules[0].level: ` */
function position(where: string | undefined, { line, column, path }: PolicyFault): string {
  const place = line === undefined ? '' : `:${line}:${column ?? 1}`
  return `${where === undefined ? '' : `${printable(where)}${place}: `}${path === '' ? '' : `${path}: `}`
}

const PLAIN_KEY = /^[A-Za-z_]\w{0,99}$/

/** `rules[0].who.commonName`, as in JavaScript. */
function formatPath(path: Path): string {
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`
      if (!PLAIN_KEY.test(part)) return `[${quoted(part)}]`
      return index === 0 ? part : `.${part}`
    })
    .join('')
}
