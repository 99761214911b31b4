import { resolve } from 'node:path'
import { command, ours, sentence, type Sentence } from '../../base/sentence.ts'
import { isFolder, isThere } from '../../base/files.ts'
import { enumerate, printable, printableLines } from '../../base/text.ts'
import { wrap } from '../../base/wrap.ts'
import { caPaths, serverFolder, serverPaths } from '../../keystore/layout.ts'
import type { SetupTarget } from '../../setup/target.ts'
import type { HostContext } from '../../setup/undo/contexts.ts'
import { isNothingToRemove } from '../../apply/remove/plan.ts'
import { COPIES } from '../../setup/gateway/program-copy.ts'
import { closedListeners, isNothingThere, type UndoPlan } from '../../setup/undo/plan.ts'
import { gatewayRemoveData, gatewayRemoveText } from './gateway-remove.ts'
import type { Context } from '../command.ts'
import { conflictsText } from './apply.ts'
import { folderFlags } from '../command-line/options.ts'
import { listensAsBefore, removeData, removeText } from './remove.ts'

/** The plan of an undo for --json. */
export function undoData(plan: UndoPlan, context: Context): object {
  const { remove, gateway, copies, contexts, server } = plan
  const isStopped = remove.conflicts.length > 0
  return {
    ...removeData(remove, context),
    stays: [...remove.stays, ...copies.stays],
    closes: isStopped ? [] : closedListeners(plan),
    ...(gateway && { gateway: gatewayRemoveData({ ...gateway, conflicts: remove.conflicts }, context) }),
    copies: !isStopped && copies.removed.length > 0,
    contexts: contexts.map(({ name, host, isOurs, isCurrent }) => ({
      name,
      host,
      action: isOurs && !isStopped ? 'remove' : 'keep',
      current: isCurrent,
    })),
    ...(server &&
      !isStopped && { server: { folder: resolve(server.paths.folder), files: server.files, stays: server.foreign } }),
  }
}

/** The plans of all hosts for a person, each under its name. */
export function undoText(plans: readonly UndoPlan[], context: Context): string {
  return plans.map((plan) => `${context.paint('bold', plan.host)}\n${planText(plan, context)}`).join('\n')
}

function planText(plan: UndoPlan, context: Context): string {
  const { remove, gateway, contexts, server } = plan
  const { paint } = context
  if (remove.conflicts.length > 0) return conflictsText(remove.conflicts, context)
  const line = (what: string, why: string): string => `${paint('red', 'remove  ')}  ${paint('bold', what)}  ${why}`
  const here = [
    ...contexts.filter(({ isOurs }) => isOurs).map((one) => line(`docker context ${one.name}`, contextNote(one))),
    ...(server === undefined ? [] : [line(resolve(server.paths.folder), "the server's certificate and key, here")]),
    ...foreignLines(server),
  ]
  const there = here.length > 0 && isNothingThere(plan)
  const ofGateway = gateway === undefined ? '' : gatewayRemoveText({ ...gateway, open: remove.listens }, context, true)
  const { removed, stays } = plan.copies
  const isWhole = removed.length > 0 && stays.length === 0
  const copies = [
    ...(isWhole
      ? [line(COPIES, 'the copies of docker-mtls')]
      : removed.map((folder) => line(folder, 'a copy of docker-mtls'))),
    ...stays.map((text) => `Stays: ${text}.`),
  ]
    .map((one) => `${wrap(one, context.width)}\n`)
    .join('')
  const hasRest = !isNothingToRemove(remove) || remove.stays.length > 0 || ofGateway + copies === ''
  const rest = hasRest ? removeText(remove, context) : ''
  const text = there ? 'Nothing to remove on the host.\n' : `${ofGateway}${rest}${copies}`
  return `${text}${here.map((one) => `${wrap(one, context.width)}\n`).join('')}`
}

function contextNote({ host, isCurrent }: HostContext): string {
  return isCurrent ? `${printable(host)}; it is the current one, so docker uses the local daemon then` : printable(host)
}

function foreignLines(server: UndoPlan['server']): string[] {
  if (server === undefined || server.foreign.length === 0) return []
  return [`Stays: ${enumerate(server.foreign.map(printable))} in that folder, which docker-mtls did not create.`]
}

/** What became of one host. */
export function doneText(plan: UndoPlan, isNothing: boolean): string {
  const { host, gateway, copies, remove } = plan
  const left = [...remove.stays, ...copies.stays]
  const stays = left.map((text) => `\n${host}: stays: ${printable(text)}.`).join('')
  const { listens } = remove
  const closes = closedListeners(plan)
  if (isNothing)
    return `${host}: Nothing to undo: docker-mtls has not configured dockerd there, and has no files of it here.${stays}`
  if (gateway !== undefined)
    return `${host}: docker-mtls and its gateway were removed. dockerd listens on ${listens.length === 0 ? 'its local socket alone' : enumerate(listens.map(printable))}.${stays}`
  const ports = closes.length === 0 ? '' : `, which no longer listens on ${closes.map(printable).join(', ')}`
  return `${host}: docker-mtls was removed${ports}.${listensAsBefore(remove)}${stays}`
}

/** In the wrong folder, the host is undone, but its files are elsewhere. */
export function folderWarnings(plans: readonly UndoPlan[], dir: string): Sentence[] {
  const without = plans.filter(({ server, remove }) => server === undefined && remove.changes.length > 0)
  return without.map(
    ({ host }) =>
      sentence`${host}: there are no files of this host in ${dir}. If setup used another folder, name it:  ${command('--dir', 'DIR')}`,
  )
}

/** What it means that dockerd listens again where its gateway did, or elsewhere on the network. */
export function exposureWarnings(plans: readonly UndoPlan[]): Sentence[] {
  return plans.flatMap(({ host, gateway }) => (gateway?.warnings ?? []).map(({ text }) => sentence`${host}: ${text}`))
}

/** Contexts that stay although they lead to a closed port, and those that are still selected. */
export function contextWarnings(plans: readonly UndoPlan[], { io }: Context): Sentence[] {
  const contexts = plans.flatMap((plan) => plan.contexts)
  const kept = contexts.filter(({ isOurs }) => !isOurs)
  const selected = contexts.filter(({ name, isOurs }) => isOurs && name === io.env['DOCKER_CONTEXT'])
  return [
    ...kept.map(
      ({ name, host }) =>
        sentence`The docker context ${name} for ${host} stays, because setup did not create it from this folder. To remove it:  ${ours('context', 'rm', name)}`,
    ),
    ...selected.map(({ name }) => `DOCKER_CONTEXT still names ${name}. Unset it in your shell.`),
  ]
}

/** The files of hosts that failed stay, so that another run finds them. */
export async function failureWarnings(failed: readonly SetupTarget[], dir: string): Promise<Sentence[]> {
  const warnings = await Promise.all(
    failed.map(async ({ host, folder: name }): Promise<Sentence[]> => {
      const { folder } = serverPaths(dir, name)
      if (!(await isFolder(folder))) return []
      return [
        sentence`${host}: its files in ${folder} stay, so that you can run this again. If the host no longer exists, retire it:  ${ours('cert', 'retire', `hosts/${name}`, ...folderFlags(dir))}`,
      ]
    }),
  )
  return warnings.flat()
}

/** What stays in the folder of the CA. */
export interface Left {
  readonly folder: string
  /** The folders of the servers that it still has. */
  readonly servers: readonly string[]
  readonly clients: readonly string[]
}

/** @returns undefined if the folder has no CA */
export async function leftIn(dir: string): Promise<Left | undefined> {
  const { clientNames, serverPlaces } = await import('../../keystore/keystore.ts')
  if (!(await isThere(caPaths(dir).cert))) return undefined
  const servers: string[] = []
  for (const { host, paths } of await serverPlaces(dir)) if (await isThere(paths.cert)) servers.push(serverFolder(host))
  return { folder: resolve(dir), servers, clients: await clientNames(dir) }
}

/** What stays there, and how to remove it. */
export function leftText(left: Left | undefined, { typed, width }: Context): string[] {
  if (left === undefined) return []
  const { folder, servers, clients } = left
  const names =
    clients.length === 0 ? '' : ` and the ${clients.length === 1 ? 'client' : 'clients'} ${enumerate(clients)}`
  const rest =
    servers.length === 0
      ? sentence`It has no server any more. If no other machine needs this CA, remove the folder:  ${command('rm', '-r', folder)}`
      : sentence`It still has the files of ${enumerate(servers)}. To remove the files of a client:  ${ours('client', 'rm', clients[0] ?? 'NAME', ...folderFlags(folder))}`
  return [
    wrap(
      printableLines(typed(sentence`The CA${names} in ${folder} ${names === '' ? 'stays' : 'stay'}. ${rest}`)),
      width,
    ),
  ]
}
