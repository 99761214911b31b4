import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { cleanEnvironment, runCommand, type CommandResult } from '../../support/command.ts'
import { CLI } from '../../cli/support/run-cli.ts'
import type { Machine } from '../machine.ts'

/** Somebody's machine: a working directory, with a docker configuration of its own. */
export interface Desk {
  readonly folder: string
  /** Runs a command line of ours. */
  run(words: readonly string[], options?: DeskOptions): Promise<CommandResult>
  /** The same with --json. */
  lines(words: readonly string[], options?: DeskOptions): Promise<JsonRun>
  /** The docker command, through a context. */
  docker(...words: string[]): Promise<CommandResult>
}

export interface DeskOptions {
  readonly env?: Readonly<Record<string, string>>
}

/** What came out of a command with --json. */
export interface JsonRun {
  readonly code: number
  readonly steps: readonly Step[]
  readonly result: Readonly<Record<string, unknown>>
  readonly hosts: readonly HostResult[]
  readonly stderr: string
}

export interface Step {
  readonly type: string
  readonly subject: string
  readonly step: string
  readonly state: string
}

/** What came of one host. */
export interface HostResult {
  readonly host: string
  readonly ok: boolean
  readonly error?: { readonly code: string; readonly message: string }
  readonly url: string
  readonly names: readonly string[]
  readonly written: readonly string[]
  readonly restarted: boolean
  readonly server: { readonly action: string }
  readonly context?: { readonly name: string; readonly action: string }
  readonly variables: Readonly<Record<string, string>>
  readonly proof: readonly { readonly name: string; readonly ok: boolean }[]
}

export function deskIn(folder: string): Desk {
  const config = join(folder, '.docker')
  const run = ([...words]: readonly string[], { env = {} }: DeskOptions = {}): Promise<CommandResult> => {
    const [file = '', ...args] = CLI
    const variables = { DOCKER_CONFIG: config, SHELL: '/bin/bash', ...env }
    return runCommand(file, [...args, ...words], { cwd: folder, env: variables, timeout: 300_000 })
  }
  return {
    folder,
    run,
    lines: async (words, options) => readRun(await run([...words, '--json'], options)),
    docker: (...words) => runCommand('docker', ['--config', config, ...words], {}),
  }
}

function readRun({ code, stdout, stderr }: CommandResult): JsonRun {
  const lines = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  const result = lines.at(-1) ?? {}
  const steps = lines.filter(({ type }) => type === 'step') as unknown as Step[]
  return { code, steps, result, hosts: (result['hosts'] ?? []) as HostResult[], stderr }
}

/** What is done when a step begins. */
type Act = (pid: number) => void | Promise<void>

/** Starts a command line of ours with --json, and calls `act` when a step of it begins, of one host if that is named. */
export async function runUntil(
  { folder }: Desk,
  words: readonly string[],
  [step, host]: readonly [step: string, host?: string],
  act: Act,
): Promise<JsonRun> {
  const [file = '', ...args] = CLI
  const env = cleanEnvironment({ DOCKER_CONFIG: join(folder, '.docker') })
  const child = spawn(file, [...args, ...words, '--json'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 137)))
  const stderr = text(child.stderr)
  let stdout = ''
  let acted = false
  for await (const line of createInterface(child.stdout)) {
    stdout += `${line}\n`
    if (acted || !begins(line, step, host)) continue
    acted = true
    await act(child.pid ?? 0)
  }
  if (!acted) throw new Error(`the step ${step} did not begin: ${await stderr}`)
  return readRun({ code: await ended, stdout, stderr: await stderr })
}

function begins(line: string, step: string, host: string | undefined): boolean {
  const said = JSON.parse(line) as Step
  return said.step === step && said.state === 'running' && (host === undefined || said.subject === host)
}

/** The processes of ssh that run our shell on some host (proc_pid_cmdline(5)). */
export function sshProcesses(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const [program = '', ...args] = argvOf(pid)
      return /(?:^|\/)ssh$/.test(program) && args.some((arg) => arg.includes('SSH_CONNECTION'))
    })
}

function argvOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    // It ended meanwhile.
    return []
  }
}

/** kill -9 of the ssh that is there, or is just coming. */
export async function killSsh(): Promise<void> {
  for (const deadline = Date.now() + 10_000; ; await delay(5)) {
    const pids = sshProcesses()
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    if (pids.length > 0) return
    if (Date.now() > deadline) throw new Error('there was no ssh to kill')
  }
}

/** Waits for what comes by itself. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, seconds = 60): Promise<void> {
  const deadline = Date.now() + seconds * 1000
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} s`)
    await delay(100)
  }
}

/** Goes back by what an apply has left on the host. */
export async function goBack(machine: Machine): Promise<void> {
  await machine.must(['sh', '-c', 'sh /var/lib/docker-mtls/$(cat /var/lib/docker-mtls/last)/rollback.sh asked'])
}
