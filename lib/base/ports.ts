import { enumerate } from './text.ts'

/** IANA's docker-s, for TLS. */
export const TLS_PORT = 2376
/** IANA's docker: what dockerd serves without TLS. Whoever reaches it is root on the host. */
export const PLAINTEXT_PORT = 2375

/** Is this text a port number, from 1 to 65535, without leading zeros? */
export function isPort(text: string): boolean {
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535
}

/** Listeners such as `tcp://0.0.0.0:2375`, for a sentence. Those on the plaintext port say so. */
export function enumerateListeners(listeners: readonly string[]): string {
  return enumerate(
    listeners.map((one) => (one.endsWith(`:${PLAINTEXT_PORT}`) ? `${one} (Docker's plaintext port)` : one)),
  )
}
