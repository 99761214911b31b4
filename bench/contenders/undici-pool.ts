import { createSecureContext } from 'node:tls'
import type * as undici from '../../node_modules/undici/index.js'
import { checkBody, lengthOf, splitTarget, type Jobs, type Open } from './contender.ts'
import { readCredentials } from './credentials.ts'

/**
 * A Pool as an experienced undici user would configure it for one daemon. BENCH_CONNECTIONS limits its connections, if
 * set.
 */
export const open: Open = async (entry) => {
  const { Pool, buildConnector } = (await import(entry)) as typeof undici
  const { host, port, ...pem } = await readCredentials()
  const connections = process.env['BENCH_CONNECTIONS']
  // The session cache belongs to the connector, so a new client starts with a full handshake.
  const connect = buildConnector({ secureContext: createSecureContext(pem), ALPNProtocols: ['http/1.1'] })
  const bound = connections === undefined ? null : Number(connections)
  const pool = new Pool(`https://${host}:${port}`, { connect, connections: bound })
  const ping = async (reset: boolean): Promise<void> => {
    const { statusCode, body } = await pool.request({ method: 'GET', path: '/_ping', reset })
    checkBody(statusCode, await body.text())
  }
  return {
    answered: false,
    ping: () => ping(false),
    pingOnNewConnection: () => ping(true),
    close: () => pool.destroy(),
    ...jobs(pool),
  }
}

const PATIENT = { headersTimeout: 0, bodyTimeout: 0 }

/** Reads raw bytes without parsing them, the least work that any client can do. */
function jobs(pool: undici.Pool): Jobs {
  const read = async (path: string): Promise<number> => {
    const { statusCode, body } = await pool.request({ method: 'GET', path, ...PATIENT })
    if (statusCode !== 200) throw new Error(`${path}: ${statusCode} ${await body.text()}`)
    return lengthOf(body)
  }
  return {
    readLog: (container) => read(`/v1.45/containers/${container}/logs?stdout=true&stderr=true`),
    archiveDown: (target) => {
      const [container, path] = splitTarget(target)
      return read(`/v1.45/containers/${container}/archive?path=${encodeURIComponent(path)}`)
    },
    archiveUp: async (target, tar) => {
      const [container, folder] = splitTarget(target)
      const path = `/v1.45/containers/${container}/archive?path=${encodeURIComponent(folder)}`
      const { statusCode, body } = await pool.request({ method: 'PUT', path, body: tar, ...PATIENT })
      if (statusCode !== 200) throw new Error(`${path}: ${statusCode} ${await body.text()}`)
      await body.dump()
    },
    list: async () => {
      const { body } = await pool.request({ method: 'GET', path: '/v1.45/containers/json?all=true' })
      return ((await body.json()) as unknown[]).length
    },
    openEvents: async () => {
      const { body } = await pool.request({ method: 'GET', path: '/v1.45/events', ...PATIENT })
      body.on('error', () => undefined)
      return async () => void body.destroy()
    },
  }
}
