import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cleanEnvironment } from '../../support/command.ts'
import { CLI } from '../../cli/support/run-cli.ts'
import { until } from './until.ts'

/** `docker-mtls authz-plugin` as a process of its own. */
export interface RunningPlugin {
  /** What it has printed on stderr. */
  said(): string
  /** Waits until it has said so. */
  says(what: RegExp): Promise<void>
  /** Ends it. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

/** Starts the plugin, and waits until it listens. */
export async function runPlugin(args: readonly string[]): Promise<RunningPlugin> {
  const [file = '', ...words] = [...CLI, 'authz-plugin', ...args]
  const child = spawn(file, words, { env: cleanEnvironment(), stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'exit')
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const says = async (what: RegExp): Promise<void> => {
    await until(`${what} in ${stderr}`, () => {
      assert.equal(child.exitCode, null, stderr)
      return Promise.resolve(what.test(stderr))
    })
  }
  await says(/runs until Ctrl-C/)
  child.unref()
  return {
    said: () => stderr,
    says,
    end: async (signal) => {
      child.ref()
      child.kill(signal)
      await ended
    },
  }
}
