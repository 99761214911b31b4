/**
 * `npm run attacks`: replays known attacks on Docker, first at daemons that were set up wrongly, then at one that docker-mtls
 * set up. inside.ts does that in its own mount, network and process namespaces: it reaches nothing but their loopback, and
 * leaves nothing behind.
 */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isInterrupted, onInterrupt } from '../../scripts/interrupt.ts'
import { runInNamespaces, whyNotAllowed } from '../../scripts/namespaces.ts'
import { ENGINE_PACKAGES, TEST_PACKAGES, type DebianPackage } from '../../scripts/packages.ts'
import { ensureEngine, type Engine } from '../demo/engine.ts'
import { Progress } from '../demo/progress.ts'

const INSIDE = fileURLToPath(new URL('inside.ts', import.meta.url))
const HELP = `npm run attacks [-- --json]

Replays attacks on Docker daemons that it starts itself, in their own namespaces. No other daemon can be attacked.
  --json  writes the results as JSON; the progress goes to stderr
The exit code is 0 if every attack ended as docs/attacks.md says.`

const NEEDED: readonly DebianPackage[] = [
  ...ENGINE_PACKAGES,
  ...TEST_PACKAGES.filter(({ name }) => name === 'openssl'),
  { name: 'perl-base', provides: '/usr/bin/perl', neededFor: 'using a socket in a container' },
]

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, help: { type: 'boolean' } } })
  if (values.help) {
    console.log(HELP)
    return 0
  }
  const progress = new Progress(values.json ? process.stderr : process.stdout)
  progress.title('docker-mtls: attacks on Docker, replayed')
  const { installed, obstacle } = await findEngine(progress)
  if (obstacle !== undefined) {
    throw new Error(`The attacks run only in namespaces of their own, as root on Linux: ${obstacle}`)
  }
  const left = `Nothing was left behind${installed.length === 0 ? '' : `, except the installed packages ${installed.join(', ')}`}.`
  const forget = onInterrupt(() => progress.end(`Interrupted. All started processes have ended. ${left}`))
  const words = ['--import', 'tsx', INSIDE, ...(values.json ? ['--json'] : [])]
  const code = await runInNamespaces([process.execPath, ...words], process.env)
  if (!isInterrupted()) progress.end(left)
  forget()
  return code
}

async function findEngine(progress: Progress): Promise<Engine> {
  const obstacle = whyNotAllowed()
  return obstacle === undefined ? ensureEngine(progress, NEEDED) : { installed: [], obstacle }
}

// The reader may close the pipe (`npm run attacks | head`). Clean up in that case too.
process.stdout.on('error', () => process.kill(process.pid, 'SIGTERM'))
try {
  process.exitCode = await main()
} catch (error) {
  if (!isInterrupted()) console.error((error as Error).message)
  process.exitCode = 1
}
