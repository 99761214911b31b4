import type { Attack } from './attacks.ts'

/** A privileged container, in so many MiB. */
export const privilegedBody = (image: string, megabytes: number): string =>
  `{"Image":"${image}","Labels":{"a":"${'x'.repeat(megabytes * 1024 * 1024)}"},"HostConfig":{"Privileged":true}}`
/** A body in one chunk. */
export const chunked = (body: string): string => `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`
/** The header of a chunked body. */
export const CHUNKED = [
  ['Content-Type', 'application/json'],
  ['Transfer-Encoding', 'chunked'],
] as const

/** A request that needs to know the container. */
export const execIn = (name: string): Attack => ({
  name,
  line: `POST /containers/${name}/exec`,
  body: '{"Cmd":["id"]}',
})

/** A question as the plugin asks it. */
export const forged = (value: string): Attack => ({
  name: '',
  line: 'GET /containers/root/json',
  headers: [['X-Docker-Mtls-Question', value]],
})
