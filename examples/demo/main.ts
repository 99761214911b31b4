/**
 * `npm run demo`: the main job on a real Docker daemon, from nothing to a verified connection. It makes sure that there
 * is a Docker Engine, and runs inside.ts in mount, network and process namespaces of its own, where a daemon can do no
 * harm and leaves nothing behind. Where that can't be, it shows the same against a small TLS endpoint.
 */
import { fileURLToPath } from 'node:url'
import { isInterrupted, onInterrupt } from '../../scripts/interrupt.ts'
import { runInNamespaces, whyNotAllowed } from '../../scripts/namespaces.ts'
import { ensureEngine } from './engine.ts'
import { Progress } from './progress.ts'
import { demonstrateStandIn } from './stand-in.ts'

const INSIDE = fileURLToPath(new URL('inside.ts', import.meta.url))

/** The packages that this run installed: the only thing that it leaves on the machine. */
let installed: readonly string[] = []

function whatStays(): string {
  return `Nothing stays behind${installed.length === 0 ? '' : ` but the packages that were installed: ${installed.join(', ')}`}.`
}

async function main(): Promise<number> {
  const progress = new Progress()
  progress.title('docker-mtls: from nothing to a verified connection with a Docker daemon')
  const forget = onInterrupt(() => progress.end(`Interrupted: all that was started has ended. ${whatStays()}`))
  try {
    return await demonstrate(progress)
  } catch (error) {
    if (!isInterrupted()) console.error(`\n${(error as Error).message}`)
    return 1
  } finally {
    forget()
  }
}

async function demonstrate(progress: Progress): Promise<number> {
  const obstacle = whyNotAllowed() ?? (await haveEngine(progress))
  if (obstacle !== undefined) {
    await demonstrateStandIn(progress, obstacle)
    return 0
  }
  const code = await runInNamespaces([process.execPath, '--import', 'tsx', INSIDE], process.env)
  if (isInterrupted()) return code
  progress.end(whatStays())
  if (code === 0) progress.end('For a host of your own:  npx docker-mtls init build01.example.com')
  return code
}

async function haveEngine(progress: Progress): Promise<string | undefined> {
  const engine = await ensureEngine(progress)
  installed = engine.installed
  return engine.obstacle
}

// Whoever reads may stop: `npm run demo | head` is to be cleaned up after, too.
process.stdout.on('error', () => process.kill(process.pid, 'SIGTERM'))
process.exitCode = await main()
