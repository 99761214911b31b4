import { isDockerMtlsError } from '../../base/errors.ts'
import { escapeText } from '../../base/text.ts'
import type { FollowReports } from '../../gateway/files/follow.ts'
import type { GatewayEvent } from '../../gateway/events.ts'
import type { Context } from '../command.ts'
import { errorText } from '../errors.ts'

/** Prints what a gateway refuses, and what fails. A failure that repeats is printed once. */
export function gatewayLog(context: Context): (event: GatewayEvent) => void {
  let last = ''
  return (event) => {
    const line = lineOf(event, context)
    if (line === undefined || (event.event === 'failure' && line === last)) return
    last = line
    context.say(line)
  }
}

function lineOf(event: GatewayEvent, context: Context): string | undefined {
  switch (event.event) {
    case 'request': {
      const { identity, method, path, status, reason } = event
      return reason === undefined
        ? undefined
        : escapeText(`Refused: ${identity}: ${method} ${path}: ${status} ${reason}`)
    }
    case 'handshake refused':
      return escapeText(`Refused: a connection${event.address ? ` from ${event.address}` : ''}: ${event.reason}`)
    case 'cut':
      return escapeText(`Cut: ${event.identity}: ${event.reason}`)
    case 'renewal':
      return escapeText(`Renewed: ${event.identity}: until ${event.notAfter}`)
    case 'failure':
      return told(event.error, context)
    case 'begin':
    case 'reload':
    case 'revoke':
      return undefined
  }
}

/**
 * Prints when changed files are in force, and when they can't be used.
 *
 * @param then - called after each of both
 */
export function reloadReports(context: Context, then: () => void): FollowReports {
  return {
    onReload: (part) => {
      context.say(`Reloaded: ${part}.`)
      then()
    },
    onFailure: (part, error) => {
      context.warn(`The ${part} could not be reloaded. ${told(error, context)}`)
      then()
    },
  }
}

function told(error: unknown, { io: { env } }: Context): string {
  const { code, text } = errorText(error, env)
  return isDockerMtlsError(error) ? `${code}: ${text}` : text
}
