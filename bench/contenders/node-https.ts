import type { IncomingMessage } from 'node:http'
import type * as https from 'node:https'
import { checkBody, type Open } from './contender.ts'
import { readMaterial } from './material.ts'

export const open: Open = async (entry) => {
  const { Agent, get } = (await import(entry)) as typeof https
  const { host, port, ...pem } = await readMaterial()
  const agent = new Agent({ keepAlive: true, ...pem })
  const ask = (): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      get({ host, port, path: '/_ping', agent }, resolve).once('error', reject)
    })
  return {
    answered: false,
    ping: async () => {
      const answer = await ask()
      checkBody(answer.statusCode ?? 0, await read(answer))
    },
    close: async () => agent.destroy(),
  }
}

function read(answer: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let body = ''
    answer.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    answer.once('error', reject).once('end', () => resolve(body))
  })
}
