import type { IncomingMessage } from 'node:http'
import { BodyRefused } from '../arriving/body.ts'
import { headersOf } from '../forwarding/fields.ts'
import { refusal } from '../refusal.ts'
import { screen, upgradeOf } from '../arriving/screening.ts'
import type { AskedRequest, Decided, RefusedPart } from '../types.ts'
import type { ReadVerdict } from './verdict.ts'

/**
 * Where clients ask what they may do. The Engine API has no such path, so a daemon that gets such a question carries nothing out,
 * whoever sends it there.
 */
const QUESTION_PATH = '/_docker-mtls/may'

/** The header fields that describe the request that a question is about. The others, and the body, are those of that request. */
const FIELDS = {
  method: 'x-docker-mtls-method',
  target: 'x-docker-mtls-target',
  upgrade: 'x-docker-mtls-upgrade',
  body: 'x-docker-mtls-body',
} as const

/** Does a client only ask? No other request with this path reaches the daemon, either. */
export function isQuestion({ url = '' }: Pick<IncomingMessage, 'url'>): boolean {
  return url.split('?')[0] === QUESTION_PATH
}

/**
 * The request that a question is about. It is screened as if it had arrived.
 *
 * @throws {@link BodyRefused} if it isn't one
 */
export function askedBy(
  request: IncomingMessage,
  body: AskedRequest['body'],
): Pick<AskedRequest, 'method' | 'target' | 'headers' | 'body' | 'upgrade' | 'isQuestion'> {
  const headers = headersOf(request)
  const [method, target, upgrade] = [headers[FIELDS.method], headers[FIELDS.target], headers[FIELDS.upgrade]]
  if (request.url !== QUESTION_PATH || request.method !== 'POST' || headers['upgrade'] !== undefined)
    throw malformed(`a question is  POST ${QUESTION_PATH}`)
  if (typeof method !== 'string' || typeof target !== 'string' || Array.isArray(upgrade))
    throw malformed(`a question has ${FIELDS.method} and ${FIELDS.target}, each once`)
  const about = withoutOwn(headers, typeof upgrade === 'string' ? upgrade : undefined)
  const screened = {
    method,
    url: target,
    httpVersion: '1.1',
    headers: { ...request.headers, upgrade: about['upgrade'] as string | undefined },
    rawHeaders: request.rawHeaders,
  }
  const refused = screen(screened, upgrade !== undefined)
  if (refused) throw new BodyRefused(refused)
  if (isQuestion(screened)) throw malformed('a question is about another request')
  return {
    method,
    target,
    headers: about,
    body: headers[FIELDS.body] === 'unseen' ? 'unseen' : body,
    upgrade: upgradeOf(screened),
    isQuestion: true,
  }
}

function withoutOwn(headers: AskedRequest['headers'], upgrade: string | undefined): AskedRequest['headers'] {
  const own: ReadonlySet<string> = new Set(Object.values(FIELDS))
  const others = Object.entries(headers).filter(([name]) => !own.has(name))
  return { ...Object.fromEntries(others), ...(upgrade !== undefined && { upgrade, connection: 'Upgrade' }) }
}

function malformed(got: string): BodyRefused {
  return new BodyRefused(refusal(400, 'MALFORMED_REQUEST', got))
}

/** The answer to a question. */
interface Answer {
  readonly allowed: boolean
  readonly reasons: readonly RefusedPart[]
  readonly warnings: readonly string[]
  readonly operation?: string
  readonly rule?: string
  readonly level?: string
  readonly until?: string
}

/** What a verdict says to the client. It says no more than a refusal would. */
export function answerOf({ refused, reasons, decided, warnings, until }: ReadVerdict): Answer {
  const found = reasons.length > 0 ? reasons : refused ? [{ code: refused.code, message: refused.message }] : []
  return {
    allowed: refused === undefined,
    reasons: refused ? found : [],
    warnings,
    ...named(decided),
    ...(refused === undefined && until < Infinity && { until: new Date(until).toISOString() }),
  }
}

function named({ operation, rule, level }: Decided): Pick<Answer, 'operation' | 'rule' | 'level'> {
  return {
    ...(operation !== undefined && { operation }),
    ...(rule !== undefined && { rule }),
    ...(level !== undefined && { level }),
  }
}
