import { isDockerMtlsError } from '../../base/errors.ts'
import type { GatewayCaller, GatewayEvent, RequestFacts } from '../events.ts'

/** A client chooses how long a path is. */
const LONGEST_TEXT = 1_000

/** What the log says of an event: named fields alone, so that nothing else can get into it. */
export function entryOf(event: GatewayEvent): object {
  switch (event.event) {
    case 'begin':
      return { event: 'begin', ...factsOf(event), verdict: event.verdict }
    case 'request': {
      const { verdict, status, reason, milliseconds, bytesIn, bytesOut } = event
      const took = Math.round(milliseconds * 100) / 100
      return {
        event: 'request',
        ...factsOf(event),
        verdict,
        status,
        reason: reason && cut(reason),
        milliseconds: took,
        bytesIn,
        bytesOut,
      }
    }
    case 'handshake refused':
      return { event: event.event, reason: cut(event.reason), address: event.address }
    case 'cut':
      return { event: 'cut', ...callerIn(event), reason: event.reason }
    case 'renewal': {
      const { serial, notAfter, origin } = event
      return { event: 'renewal', ...callerIn(event), serial, notAfter, origin }
    }
    case 'reload':
    case 'revoke':
      return { event: event.event, changed: event.changed.map(cut) }
    case 'failure':
      return { event: 'failure', error: nameOfError(event.error) }
  }
}

function factsOf(facts: RequestFacts): object {
  const { id, method, path, operation, rule, level, details } = facts
  const { reasons, audit, warn } = facts
  return { id, ...callerIn(facts), method, path: cut(path), operation, details, rule, level, reasons, audit, warn }
}

function callerIn({ identity, fingerprint, address }: GatewayCaller): object {
  return { identity: cut(identity), fingerprint, address }
}

function cut(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text
}

/** Not its message: that of an error of `authorize` can contain anything. */
export function nameOfError(error: unknown): string {
  if (isDockerMtlsError(error)) return error.code
  return error instanceof Error ? cut(error.name) : typeof error
}
