import type { PlannedClient } from './plan.ts'
import { differs } from '../../base/rendered-file.ts'

/** A variable that a `.env` has otherwise than it would be written today. */
interface Change {
  readonly name: string
  readonly was: string | undefined
  readonly now: string
}

/**
 * Says of each client's `.env` that stays what is old in it. One of a client that nobody asked about counts only where it
 * is wrong: another of the server's names leads there as well.
 *
 * @param names - the server's names
 * @returns sentences for a person
 */
export async function staleEnvs(clients: readonly PlannedClient[], names: readonly string[]): Promise<string[]> {
  const sentences: string[] = []
  for (const { asked, env } of clients.filter((client) => differs(client.env))) {
    const changes = await changesOf(env.existing ?? '', env.text)
    if (!asked && changes.every((change) => leadsThere(change, names))) continue
    sentences.push(
      `${env.path} stays as it is: ${changes.map(words).join('; ') || 'only its form differs'}. --force renders it anew (the old one is kept).`,
    )
  }
  return sentences
}

async function changesOf(existing: string, text: string): Promise<Change[]> {
  const { parse } = await import('dotenv')
  const was = parse(existing)
  // DOCKER_HOST_IP says the same as DOCKER_HOST.
  const today = Object.entries(parse(text)).filter(([name]) => name !== 'DOCKER_HOST_IP')
  return today.flatMap(([name, now]) => (was[name] === now ? [] : [{ name, was: was[name], now }]))
}

function words({ name, was, now }: Change): string {
  return `${name} is ${was === undefined ? 'not in it' : JSON.stringify(was)}, and would be ${JSON.stringify(now)}`
}

function leadsThere({ name, was = '', now }: Change, names: readonly string[]): boolean {
  if (name !== 'DOCKER_HOST' || !URL.canParse(was)) return false
  const { hostname, port } = new URL(was)
  return port === new URL(now).port && names.includes(hostname.replaceAll(/[[\]]/g, ''))
}
