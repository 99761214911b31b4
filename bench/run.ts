/** The benchmark itself. main.ts starts it in its own namespaces. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { KeyType } from '../lib/pki.ts'
import { startSecuredDaemon } from '../test/daemon/harness/secured.ts'
import { findContenders, OURS, withoutVariants, type Field } from './contenders.ts'
import { describeMachine } from './machine.ts'
import { measureCommands } from './measures/commands.ts'
import { measureConnections, type Connections } from './measures/connections.ts'
import { measureGatewayMemory } from './measures/gateway-memory.ts'
import { measureGateways } from './measures/gateways.ts'
import { measureKeySets } from './measures/key-sets.ts'
import { measureMemory } from './measures/memory.ts'
import { measureRequests } from './measures/requests.ts'
import { measureSilentPort } from './measures/silent-port.ts'
import { measureFirstPings, measureImports } from './measures/start-up.ts'
import { FULL, SHORT, type Plan } from './plan.ts'
import type { DaemonEnv } from './processes.ts'
import { measureStreams } from './streams.ts'
import { render } from './report.ts'
import type { Figures, Results } from './results.ts'
import type { Problem } from './rounds.ts'
import { judge } from './targets.ts'

const RESULTS: string = fileURLToPath(new URL('results/', import.meta.url))

async function main(): Promise<number> {
  const plan = process.argv.includes('--short') ? SHORT : FULL
  const field = findContenders()
  const machine = describeMachine('dockerd')
  const problems: Problem[] = []
  const figures = await measureAll(plan, field, problems)
  const results: Results = {
    date: new Date().toISOString(),
    short: plan.short,
    machine,
    versions: Object.fromEntries(withoutVariants(field.contenders).map(({ name, version }) => [name, version])),
    missing: field.missing,
    figures,
    // The times of a short run are too imprecise for targets.
    targets: plan.short ? [] : judge(figures),
    problems,
  }
  mkdirSync(RESULTS, { recursive: true })
  writeFileSync(`${RESULTS}latest.json`, `${JSON.stringify(results, null, 2)}\n`)
  console.log(render(results))
  return isCorrect(results) ? 0 : 1
}

async function measureAll(plan: Plan, { contenders }: Field, problems: Problem[]): Promise<Figures> {
  const only = (process.argv.find((arg) => arg.startsWith('--only=')) ?? '').slice('--only='.length).split(',')
  const wanted = (part: keyof Figures): boolean => only[0] === '' || only.includes(part)
  const each = withoutVariants(contenders)
  const figures: Figures = {}
  const measure = async <P extends keyof Figures>(part: P, run: () => Promise<Figures[P]>): Promise<void> => {
    if (!wanted(part)) return
    const began = Date.now()
    process.stdout.write(`${part} ... `)
    figures[part] = await run()
    console.log(`${((Date.now() - began) / 1000).toFixed(1)} s`)
  }
  await measure('imports', () => measureImports(each, plan, problems))
  await measure('commands', () => measureCommands(plan, problems))
  await measure('keySets', () => measureKeySets(plan, problems))
  await withDaemon('p256', async (env) => {
    await measure('firstPings', () => measureFirstPings(each, env, plan, problems))
    await measure('requests', () => measureRequests(contenders, env, plan, problems))
    await measure('silentPort', () => measureSilentPort(env, plan, problems))
    await measure('memory', () => measureMemory(contenders, env, plan, problems))
  })
  const [first] = contenders
  // It needs HAProxy, and says nothing about clients.
  if (first && only.includes('gateways')) await measure('gateways', () => measureGateways(first, { plan, problems }))
  if (first) await measure('gatewayMemory', () => measureGatewayMemory(first, { plan, problems }))
  await measureStreams(each, { plan, problems }, { measure, wanted })
  await measure('connections', () => measureKeyTypes(plan, each, problems))
  return figures
}

/** Starts a daemon for each key type, one after the other. */
async function measureKeyTypes(
  plan: Plan,
  contenders: Field['contenders'],
  problems: Problem[],
): Promise<Connections[]> {
  const all: Connections[] = []
  for (const keyType of plan.keyTypes) {
    const measure = (env: DaemonEnv): Promise<Connections> =>
      measureConnections(contenders, { keyType, env }, plan, problems)
    all.push(await withDaemon(keyType, measure))
  }
  return all
}

async function withDaemon<T>(keyType: KeyType, use: (env: DaemonEnv) => Promise<T>): Promise<T> {
  const daemon = await startSecuredDaemon({ keyType })
  try {
    // @docker/node-sdk reads DOCKER_TLS_CERTDIR instead of DOCKER_CERT_PATH.
    return await use({ ...daemon.clientEnv, DOCKER_TLS_CERTDIR: daemon.clientEnv.DOCKER_CERT_PATH })
  } finally {
    await daemon.stop()
  }
}

/**
 * Times never fail a run. A short run requires all clients without problems; a full run only requires that ours has
 * none.
 */
function isCorrect({ short, missing, problems }: Results): boolean {
  if (short) return missing.length === 0 && problems.length === 0
  return problems.every(({ who }) => who !== OURS && !who.includes('in process'))
}

process.exitCode = await main()
