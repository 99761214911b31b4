/** The demo with a real daemon. main.ts starts it in its own namespaces. */
import { demonstrateDaemon } from './daemon.ts'
import { Progress } from './progress.ts'

// The reader may close the pipe, as in `npm run demo | head`.
process.stdout.on('error', () => process.exit(1))
try {
  await demonstrateDaemon(new Progress())
} catch (error) {
  console.error(`\n${(error as Error).message}`)
  process.exitCode = 1
}
