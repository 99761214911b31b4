/**
 * `npm run demo`: from nothing to a verified connection with a real Docker daemon. It installs a Docker Engine if there
 * is none, and runs inside.ts in its own mount, network and process namespaces, where the daemon can't affect the
 * machine and leaves nothing behind. If that isn't possible, it connects to a small TLS endpoint instead.
 */
import { fileURLToPath } from 'node:url'
import { isInterrupted, onInterrupt } from '../../scripts/interrupt.ts'
import { runInNamespaces, whyNotAllowed } from '../../scripts/namespaces.ts'
import { ensureEngine } from './engine.ts'
import { Progress } from './progress.ts'
import { demonstrateStandIn } from './stand-in.ts'

const INSIDE = fileURLToPath(new URL('inside.ts', import.meta.url))

/** The packages installed by this run, the only thing it leaves on the machine. */
let installed: readonly string[] = []

function leftBehind(): string {
  return `Nothing was left behind${installed.length === 0 ? '' : `, except the installed packages ${installed.join(', ')}`}.`
}

async function main(): Promise<number> {
  const progress = new Progress()
  progress.title('docker-mtls: from nothing to a verified connection with a Docker daemon')
  const forget = onInterrupt(() => progress.end(`Interrupted. All started processes have ended. ${leftBehind()}`))
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
  const obstacle = whyNotAllowed() ?? (await findEngine(progress))
  if (obstacle !== undefined) {
    await demonstrateStandIn(progress, obstacle)
    return 0
  }
  const code = await runInNamespaces([process.execPath, '--import', 'tsx', INSIDE], process.env)
  if (isInterrupted()) return code
  progress.end(leftBehind())
  if (code === 0) progress.end('To secure your own host:  npx docker-mtls init build01.example.com')
  return code
}

async function findEngine(progress: Progress): Promise<string | undefined> {
  const engine = await ensureEngine(progress)
  installed = engine.installed
  return engine.obstacle
}

// The reader may close the pipe (`npm run demo | head`). Clean up in that case too.
process.stdout.on('error', () => process.kill(process.pid, 'SIGTERM'))
process.exitCode = await main()
