import type { Duplex } from 'node:stream'
import type { AuthorizationQuestion } from '../../harness/authorization.ts'

/** How long a connection has to be silent after an answer, until no more is expected on it. */
const SILENT_MS = 1_000
/** Longer than an answer takes on a loaded machine. */
const LONG_MS = 20_000

/** A whole request that makes a privileged container. */
export function hiddenCreate(image: string, name: string): string {
  const body = JSON.stringify({ Image: image, HostConfig: { Privileged: true } })
  const head = `POST /containers/create?name=${name} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json`
  return `${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

/** Those of some calls that make a container of this name, as {@link hiddenCreate} does. */
export const makingIn = (name: string, calls: readonly string[]): string[] =>
  calls.filter((one) => one.endsWith(`?name=${name}`))

/**
 * Sends these bytes on a connection, and takes all that comes back, until the other side ends it or has no more to say.
 *
 * @param isExpecting - is it known that more has to come after this?
 */
export function exchange(
  socket: Duplex,
  bytes: string,
  isExpecting: (received: string) => boolean = () => false,
): Promise<string> {
  let text = ''
  let timer: NodeJS.Timeout | undefined
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(text)
    }
    const until = performance.now() + LONG_MS
    const wait = (milliseconds: number): void => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        if (isExpecting(text) && performance.now() < until) wait(SILENT_MS)
        else finish()
      }, milliseconds)
    }
    // Who answers before the whole request has come may cut the connection.
    socket.on('error', finish).on('end', finish)
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
      wait(SILENT_MS)
    })
    wait(LONG_MS)
    socket.write(bytes, 'latin1')
  })
}

/** The statuses of all answers in it. */
export const statusesIn = (text: string): string[] =>
  [...text.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map(([, status = '']) => status)

const QUOTED = String.raw`"((?:[^"\\]|\\.)*)"`
const CALLING = new RegExp(` msg="Calling ${QUOTED.slice(1)}`, 'g')
/** Since Docker 28, which puts quotation marks around few values. */
const HANDLING = new RegExp(` msg="handling (\\S+) request" .*?\\brequest-url=(?:${QUOTED}|(\\S+))`, 'g')

const unquoted = (text: string): string => JSON.parse(`"${text}"`) as string

/** The requests that dockerd has carried out or refused, of whichever client, by its log of the level `debug`. */
export function callsIn(log: string): string[] {
  return [
    ...[...log.matchAll(CALLING)].map(([, call = '']) => unquoted(call)),
    ...[...log.matchAll(HANDLING)].map(([, method, quoted, url]) => `${method} ${url ?? unquoted(quoted ?? '')}`),
  ]
}

/** The same requests, as a plugin is asked about them. */
export const callOf = ({ RequestMethod, RequestUri }: AuthorizationQuestion): string => `${RequestMethod} ${RequestUri}`
