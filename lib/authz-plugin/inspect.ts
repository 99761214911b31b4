import { inspectBy, type Parse } from '../gateway/deciding/inspect.ts'
import type { Need } from '../policy/facts.ts'
import { objectOf, textOf } from '../policy/judging/values.ts'
import type { Json, Reason } from '../policy/request.ts'
import type { OwnQuestions } from './own-questions.ts'

/** Thrown for a name that could mean something else when dockerd carries the request out. */
export class AmbiguousName extends Error {
  readonly reason: Reason

  constructor({ kind, name }: Need) {
    super(`the ${kind} ${name}`)
    const got = `dockerd could take it for another ${kind}, which has this name or whose id begins with it`
    this.reason = { code: 'TARGET_UNKNOWN', where: `the ${kind} ${name}`, got }
  }
}

/** For each kind that a request can name by the beginning of an id: the path that lists all of them, and the form of such a beginning. */
const LISTS: Readonly<Partial<Record<Need['kind'], readonly [path: string, beginning: RegExp]>>> = {
  container: ['/containers/json?all=true', /^[0-9a-f]{1,63}$/],
  // Networks of a swarm have other ids. For an inspection, the beginning of such an id counts before the name of a local network.
  network: ['/networks', /^[0-9a-z]{1,63}$/],
}

/**
 * Asks the daemon about something that a request names. Unlike the gateway, the plugin can't replace names by ids. So a caller
 * could give a container a name with which the id of another one begins, and rename it after the check.
 *
 * @throws {@link AmbiguousName}
 */
export async function inspectUnambiguous(own: OwnQuestions, need: Need, parse: Parse): Promise<Json> {
  const found = await inspectBy((path) => own.get(path), need.kind, need.name, parse)
  if (await isBeginningOfAnother({ own, parse }, need, idOf(found as Json))) throw new AmbiguousName(need)
  return found as Json
}

interface Asking {
  readonly own: OwnQuestions
  readonly parse: Parse
}

async function isBeginningOfAnother({ own, parse }: Asking, { kind, name }: Need, id: string): Promise<boolean> {
  const [list, beginning] = LISTS[kind] ?? []
  if (list === undefined || beginning?.test(name) !== true) return false
  const { status, body } = await own.get(list)
  if (status !== 200) throw new Error(`the daemon answered the list of each ${kind} with the status ${status}`)
  const others = (await parse(body)) as readonly Json[]
  return others.some(
    (other) => idOf(other) !== id && (idOf(other).startsWith(name) || objectOf(other)['Name'] === name),
  )
}

const idOf = (value: Json): string => textOf(objectOf(value)['Id'])
