/**
 * `npm run test:runtimes`: packs the package, installs it in a project, and runs the same apps there on Node.js 20,
 * 22, 24 and 26, Deno and Bun: with a real daemon over mutual TLS, and with servers that must be refused. All but this Node.js come from npm, and are
 * kept in .cache/runtimes.
 */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { install, pack } from '../test/support/packed.ts'
import { onInterrupt } from './interrupt.ts'
import { runInNamespaces, whyNoNamespaces } from './namespaces.ts'
import { ENGINE_PACKAGES, ensurePackages } from './packages.ts'
import { installRuntimes } from './runtimes/runtimes.ts'

const fromHere = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const APPS = ['work.mjs', 'refusals.mjs'] as const

async function main(): Promise<number> {
  await ensurePackages(ENGINE_PACKAGES, console.log)
  const obstacle = whyNoNamespaces()
  if (obstacle !== undefined) throw new Error(`a real daemon is needed, and ${obstacle}`)
  const runtimes = installRuntimes(fromHere('../.cache/runtimes'))
  const folder = mkdtempSync(join(tmpdir(), 'test-runtimes-'))
  const tidy = (): void => rmSync(folder, { recursive: true, force: true })
  const forget = onInterrupt(async () => tidy())
  try {
    process.env['npm_config_cache'] ??= join(homedir(), '.npm')
    console.log('Packing the package')
    const project = await install(await pack(folder), folder)
    for (const app of APPS) copyFileSync(fromHere(`runtimes/${app}`), join(project, app))
    const plan = join(folder, 'plan.json')
    writeFileSync(plan, JSON.stringify({ runtimes, project }))
    console.log(`Running ${APPS.join(' and ')} on ${runtimes.map(({ name }) => name).join(', ')}`)
    return await runInNamespaces(
      [process.execPath, '--import', 'tsx', fromHere('runtimes/inside.ts'), plan],
      process.env,
    )
  } finally {
    tidy()
    forget()
  }
}

process.exitCode = await main()
