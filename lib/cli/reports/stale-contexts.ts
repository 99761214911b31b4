import { ours, type Sentence, sentence } from '../../base/sentence.ts'
import type { Context } from '../command.ts'
import { dockerConfig } from '../inputs/docker-config.ts'

/** Warnings about docker contexts on this machine with outdated files of a client, each with the command that updates it. */
export async function staleContextWarnings(folder: string, { io }: Context): Promise<Sentence[]> {
  const { findStaleContexts } = await import('../../keystore/stale-contexts.ts')
  const stale = await findStaleContexts(folder, dockerConfig(io.env))
  return stale.map(({ name, host, client, description }) => {
    const about = description === undefined ? [] : ['--description', description]
    const words = ['--host', host, '--client', client, '--dir', folder, ...about, '--force']
    return sentence`The docker context ${name} holds older files of ${client}. To update it:  ${ours('context', 'create', name, ...words)}`
  })
}
