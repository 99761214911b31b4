/** The attacks themselves. main.ts starts it in its own namespaces. */
import { Progress } from '../demo/progress.ts'
import { SETUPS, type Setup } from './attack.ts'
import { replay, type Listener, type Row } from './replay.ts'
import { renderJson, renderTable, shown } from './report.ts'

/** All attacks together, in milliseconds. They take about 20 s. */
const LIMIT_MS = 300_000

const TITLES: Readonly<Record<Setup | 'ours', string>> = {
  plain: 'Wrong: dockerd on port 2375, without TLS and without user namespaces',
  'tls-only': 'Wrong: dockerd with --tls, and without --tlsverify',
  naive: 'Wrong: certificates of a simple script, and a client that verifies nothing',
  'system-cas': 'Wrong: an empty --tlscacert',
  ours: 'Ours: dockerd as docker-mtls init --userns-remap sets it up',
}

function listener(progress: Progress): Listener {
  return {
    onStart: (which, start) => {
      const what = which === 'ours' ? 'a daemon set up by docker-mtls' : `${SETUPS.length} daemons with wrong set-ups`
      return progress.step(`Starting ${what}`, start, () => `Started ${what}`)
    },
    onDaemon: (name) => progress.title(TITLES[name]),
    onAttack: async ({ id, title }, run) => {
      const ended = await progress.step(title, run, ({ result }) => `${result.padEnd(7)} ${title}`)
      progress.note(`${id}: ${shown(ended.evidence)}`)
      return ended
    },
  }
}

function show(rows: readonly Row[], progress: Progress): void {
  progress.title('All attacks')
  console.log(renderTable(rows))
  for (const { attack, problems } of rows) {
    for (const problem of problems) progress.warn(`${attack.id}: ${shown(problem)}`)
  }
  const bad = rows.filter(({ problems }) => problems.length > 0).length
  const stopped = rows.filter(({ ours }) => ours.result === 'stopped').length
  progress.end(
    bad === 0
      ? `Our set-up stopped ${stopped} of ${rows.length} attacks. docs/attacks.md says what to do about the others.`
      : `${bad} of ${rows.length} attacks did not end as docs/attacks.md says.`,
  )
}

async function main(asJson: boolean): Promise<number> {
  const progress = new Progress(asJson ? process.stderr : process.stdout)
  const rows = await replay(listener(progress))
  if (asJson) console.log(renderJson(rows))
  else show(rows, progress)
  return rows.every(({ problems }) => problems.length === 0) ? 0 : 1
}

setTimeout(() => {
  console.error(`\nThe attacks took longer than ${LIMIT_MS / 1000} s.`)
  process.exit(1)
}, LIMIT_MS).unref()
// The reader may close the pipe, as in `npm run attacks | head`.
process.stdout.on('error', () => process.exit(1))
try {
  // Nothing that an attack left open may keep the process alive.
  process.exit(await main(process.argv.includes('--json')))
} catch (error) {
  console.error(`\n${(error as Error).message}`)
  process.exit(1)
}
