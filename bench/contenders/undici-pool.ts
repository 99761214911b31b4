import { createSecureContext } from 'node:tls'
import type * as undici from '../../node_modules/undici/index.js'
import { checkBody, type Open } from './contender.ts'
import { readMaterial } from './material.ts'

/** A Pool as somebody who knows undici would set it up for one daemon; BENCH_CONNECTIONS bounds it, if it is set. */
export const open: Open = async (entry) => {
  const { Pool, buildConnector } = (await import(entry)) as typeof undici
  const { host, port, ...pem } = await readMaterial()
  const connections = process.env['BENCH_CONNECTIONS']
  // The session cache is the connector's: a client that is made anew starts with a whole handshake.
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
    pingApart: () => ping(true),
    close: () => pool.destroy(),
  }
}
