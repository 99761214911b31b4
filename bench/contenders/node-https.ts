import type { IncomingMessage } from 'node:http'
import type * as https from 'node:https'
import { checkBody, type Open } from './contender.ts'
import { readCredentials } from './credentials.ts'

export const open: Open = async (entry) => {
  const { Agent, get } = (await import(entry)) as typeof https
  const { host, port, ...pem } = await readCredentials()
  const agent = new Agent({ keepAlive: true, ...pem })
  const agentWithoutKeepAlive = new Agent({ keepAlive: false, ...pem })
  const ping = async (by: https.Agent): Promise<void> => {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      get({ host, port, path: '/_ping', agent: by }, resolve).once('error', reject)
    })
    checkBody(answer.statusCode ?? 0, await read(answer))
  }
  return {
    answered: false,
    ping: () => ping(agent),
    pingOnNewConnection: () => ping(agentWithoutKeepAlive),
    close: async () => {
      agent.destroy()
      agentWithoutKeepAlive.destroy()
    },
  }
}

function read(answer: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let body = ''
    answer.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    answer.once('error', reject).once('end', () => resolve(body))
  })
}
