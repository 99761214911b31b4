import type { ServerResponse } from 'node:http'
import { headerText } from '../refusal.ts'

/** The header field with what a stricter level would refuse. */
const WARNING_FIELD = 'X-Docker-Mtls-Warning'
/** The header field by which a client knows that a gateway is between it and the daemon. */
const GATEWAY_FIELD = 'X-Docker-Mtls-Gateway'
/** Clients limit the size of a head. */
const MOST_WARNINGS = 10
const LONGEST = 300

/** Names and values in turns, as node:http takes them. */
export function warningFields(warnings: readonly string[]): string[] {
  return warnings.slice(0, MOST_WARNINGS).flatMap((warning) => [WARNING_FIELD, headerText(warning, LONGEST, ' ')])
}

/** Adds the warnings to an answer, unless its head is sent. */
export function warnOn(response: ServerResponse, warnings: readonly string[]): void {
  if (warnings.length === 0 || response.headersSent) return
  response.setHeader(
    WARNING_FIELD,
    warningFields(warnings).filter((_, index) => index % 2 === 1),
  )
}

/**
 * Says on an answer that it comes through a gateway, and whether it was `filtered`: the daemon has more than the client is
 * shown. Otherwise it is `whole`.
 *
 * @param more - fields of each answer
 */
export function signOn(response: ServerResponse, isFiltered: boolean, more: Readonly<Record<string, string>>): void {
  if (response.headersSent) return
  response.setHeader(GATEWAY_FIELD, isFiltered ? 'filtered' : 'whole')
  for (const name in more) response.setHeader(name, more[name] ?? '')
}
