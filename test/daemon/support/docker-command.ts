import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { runCommand, type CommandOptions, type CommandResult } from '../../support/command.ts'

/** Whom the docker command asks, and what it runs; both are known once a daemon is up. */
export interface DockerPlace {
  readonly env: Readonly<Record<string, string>>
  readonly image: string
}

/** The docker command against one daemon. */
export interface DockerCommand {
  readonly cli: (args: string[], options?: CommandOptions) => Promise<CommandResult>
  /** What a command prints, having succeeded. */
  readonly said: (args: string[], options?: CommandOptions) => Promise<string>
  /** A container that stays until the test ends. */
  readonly container: (t: TestContext, ...command: string[]) => Promise<string>
}

export function dockerCommand(place: () => DockerPlace): DockerCommand {
  const cli: DockerCommand['cli'] = (args, options = {}) =>
    runCommand('docker', args, { ...options, env: { ...place().env, ...options.env } })
  const said: DockerCommand['said'] = async (args, options) => {
    const { code, stdout, stderr } = await cli(args, options)
    assert.equal(code, 0, `docker ${args.join(' ')}: ${stderr}`)
    return stdout
  }
  const container: DockerCommand['container'] = async (t, ...command) => {
    const id = (await said(['run', '-d', place().image, ...command])).trim()
    t.after(() => cli(['rm', '-f', id]))
    return id
  }
  return { cli, said, container }
}
