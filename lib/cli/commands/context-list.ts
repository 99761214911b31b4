import { expiresSoon } from '../../base/expiry.ts'
import { renderSentence, SELF, type Sentence, sentence } from '../../base/sentence.ts'
import { sentencesOf } from '../../base/errors.ts'
import type { Command } from 'commander'
import type { CurrentContext } from '../../contexts/current.ts'
import type { ListedContext } from '../../contexts/list.ts'
import { DEFAULT_CONTEXT } from '../../endpoint/context-layout.ts'
import { formatEndpoint } from '../../endpoint/endpoint.ts'
import { showHost } from '../../endpoint/text.ts'
import type { CommandSpec, Context } from '../command.ts'
import { dockerConfig } from '../inputs/docker-config.ts'
import { addJson } from '../command-line/options.ts'
import { columns } from '../terminal/layout.ts'
import { day, daysLeft } from '../reports/dates.ts'
import { printable } from '../../base/text.ts'

interface ListFlags {
  readonly json?: true
}

const HEADS = ['', 'NAME', 'HOST', 'STATE', 'DESCRIPTION']

type State = 'good' | 'ends soon' | 'refused' | 'broken'

/** A line of the list. */
interface Row extends ListedContext {
  readonly state: State
  readonly current: boolean
}

async function runList(flags: ListFlags, context: Context): Promise<void> {
  const [{ findCurrent, NO_SOURCE }, { listContexts }] = await Promise.all([
    import('../../contexts/current.ts'),
    import('../../contexts/list.ts'),
  ])
  const { env } = context.io
  const config = dockerConfig(env)
  const current = await findCurrent(config, env)
  const rows = [await defaultRow(current, context), ...(await listContexts(config))].map((one): Row => ({
    ...one,
    state: stateOf(one),
    current: one.name === current.name,
  }))
  const warnings = [...currentWarnings(current, rows, context), ...rows.flatMap(warningOf)]
  const [head = '', ...lines] = columns([HEADS, ...rows.map(cells)], context.width).map((line) => line.trimEnd())
  const reason =
    current.source === NO_SOURCE
      ? 'neither a variable nor config.json names a context'
      : `${current.source}${current.source.startsWith('DOCKER_') ? ' is set' : ''}`
  const why = printable(`${current.name} is current: ${reason}`)
  const text = `${[context.paint('bold', head), ...lines, '', why].join('\n')}\n`
  const texts = warnings.map((warning) => renderSentence(warning))
  context.answer({ data: { config, current, contexts: rows.map(dataOf), warnings: texts }, text, warnings }, flags)
}

/** The daemon of DOCKER_HOST, or of this machine: `docker context ls` has it first, too. */
async function defaultRow({ source }: CurrentContext, { io: { env } }: Context): Promise<ListedContext> {
  const { findLocalSocket } = await import('../../endpoint/local-socket.ts')
  const named = source === 'DOCKER_HOST' ? env['DOCKER_HOST'] : undefined
  const host = named === undefined ? formatEndpoint((await findLocalSocket(env)).endpoint) : showHost(named)
  return { name: DEFAULT_CONTEXT, host, path: '' }
}

function stateOf({ broken, refusal, identity }: ListedContext): State {
  if (broken !== undefined) return 'broken'
  if (refusal !== undefined) return 'refused'
  if (identity === undefined) return 'good'
  const { validFrom, validTo } = identity.client
  return expiresSoon({ from: validFrom.getTime(), to: validTo.getTime() }, Date.now()) ? 'ends soon' : 'good'
}

function cells({ current, name, path, host, state, description }: Row): string[] {
  const shown = state === 'ends soon' ? 'expires soon' : state
  return [current ? '*' : '', name ?? path, host === undefined ? '' : showHost(host), shown, description ?? ''].map(
    printable,
  )
}

function dataOf({ name, current, host, description, path, certPath, identity, refusal, broken, state }: Row): object {
  return {
    ...(name !== undefined && { name }),
    current,
    ...(host !== undefined && { host: showHost(host) }),
    ...(description !== undefined && { description }),
    state,
    ...(refusal !== undefined && { code: refusal.code, because: refusal.got }),
    ...(broken !== undefined && { because: broken }),
    ...(path !== '' && { path }),
    ...(certPath !== undefined && { certPath }),
    ...(identity && { validTo: identity.client.validTo, daysLeft: daysLeft(identity.client.validTo) }),
  }
}

function warningOf({ name, path, state, broken, refusal, identity }: Row): Sentence[] {
  switch (state) {
    case 'broken':
      return [`${path} is broken, and docker context ls fails because of it: ${broken}.`]
    case 'refused': {
      if (refusal === undefined) return []
      const { got, todo } = sentencesOf(refusal)
      return [sentence`docker-mtls refuses ${name ?? path}: ${got}. ${todo}`]
    }
    case 'ends soon':
      return identity ? [`The certificate of ${name} expires on ${day(identity.client.validTo)}.`] : []
    case 'good':
      return []
  }
}

function currentWarnings({ name, source }: CurrentContext, rows: readonly Row[], { io: { env } }: Context): string[] {
  const warnings: string[] = []
  if (!rows.some((row) => row.current))
    warnings.push(`${source} names the context ${printable(name)}, which does not exist.`)
  const { DOCKER_HOST: host = '', DOCKER_HOST_IP: ip = '' } = env
  if (host === '' && ip !== '') {
    warnings.push('DOCKER_HOST_IP is set: docker-mtls connects there, whatever context the docker command uses.')
  }
  return warnings
}

function define(command: Command, context: Context): void {
  addJson(command).action((flags: ListFlags) => runList(flags, context))
}

export const contextList: CommandSpec = {
  description:
    "Lists the docker command's contexts, marks the current one with a star, and shows what made it current. It also shows " +
    'which contexts docker-mtls refuses, and why: no verification of the server, TCP without all three TLS files, or an ' +
    'expired certificate. Contexts that docker itself could not read are listed as broken.',
  examples: [
    [sentence`${SELF} context ls`, 'in DOCKER_CONFIG, or in ~/.docker'],
    [sentence`${SELF} context ls --json`, 'for a program'],
  ],
  json: '{ config, current: { name, source }, contexts: [{ name, current, host, description, state, code, because, path, certPath, validTo, daysLeft }], warnings };\nstate is "good", "ends soon" (has used two thirds of its lifetime, and ends within 30 days), "refused" or "broken".',
  define,
}
