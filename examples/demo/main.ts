/**
 * `npm run demo`: the main job on a real Docker daemon, from nothing to a verified connection. It sees to it that there
 * is a Docker Engine, and runs inside.ts in mount, network and process namespaces of its own, where a daemon can do no
 * harm and leaves nothing behind. Where that can't be, it shows the same against a small TLS endpoint.
 */
import { fileURLToPath } from 'node:url'
import { onInterrupt } from '../../scripts/interrupt.ts'
import { runInNamespaces, whyNoNamespaces } from '../../scripts/namespaces.ts'
import { ensureEngine } from './engine.ts'
import { Progress } from './progress.ts'
import { demonstrateStandIn } from './stand-in.ts'

const INSIDE = fileURLToPath(new URL('inside.ts', import.meta.url))

async function main(): Promise<number> {
  const progress = new Progress()
  progress.title('docker-mtls: from nothing to a verified connection with a Docker daemon')
  const forget = onInterrupt(() =>
    progress.warn('\nInterrupted: all that was started has ended, and its files are gone.'),
  )
  try {
    return await demonstrate(progress)
  } catch (error) {
    console.error(`\n${(error as Error).message}`)
    return 1
  } finally {
    forget()
  }
}

async function demonstrate(progress: Progress): Promise<number> {
  const { installed, obstacle } = await ensureEngine(progress)
  const reason = obstacle ?? whyNoNamespaces()
  if (reason !== undefined) {
    await demonstrateStandIn(progress, reason)
    return 0
  }
  const code = await runInNamespaces([process.execPath, '--import', 'tsx', INSIDE], process.env)
  const packages = installed.length === 0 ? '' : ` but the packages that were installed: ${installed.join(', ')}`
  progress.end(`Nothing stays behind${packages}.`)
  if (code === 0) progress.end('For a host of your own:  npx docker-mtls init build01.example.com')
  return code
}

process.exitCode = await main()
