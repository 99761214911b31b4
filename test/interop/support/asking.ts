import type { Agent } from 'node:http'
import { request, type RequestOptions } from 'node:https'
import { text } from 'node:stream/consumers'

/** Asks for `/_ping` or another path by node:https, and gives status and body. */
export function ask(
  agent: Agent,
  url: string,
  options: RequestOptions & Record<string, unknown> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { ...options, agent }, (answer) => {
      text(answer).then((body) => resolve(`${answer.statusCode} ${body}`), reject)
    })
    asked.once('error', reject).end()
  })
}

/** Waits for something that must not take long. */
export async function soon<T>(promise: Promise<T>, milliseconds = 10_000): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took longer than ${milliseconds} ms`)), milliseconds)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
