import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { busyboxTar, IMAGE } from '../daemon/harness/image.ts'
import { type Ran, runIn, type RunOptions, type Running, spawnIn } from './enter.ts'
import { startSupervisor, type Supervisor } from './supervisor.ts'

export { type Ran, type RunOptions, type Running } from './enter.ts'

export interface MachineOptions {
  /** Debian's dockerd and containerd, enabled: systemd starts them. Without it they are installed only. */
  readonly docker?: boolean
  /** Whose docker.service is installed. @defaultValue debian */
  readonly unit?: 'debian' | 'docker-ce'
  /** Whether it has a node, the one that runs this, and this checkout at the same path. @defaultValue true */
  readonly node?: boolean
  /** @defaultValue 1024 */
  readonly diskMegabytes?: number
  /** Its host name. @defaultValue machine */
  readonly name?: string
}

/** A running machine: a systemd of its own as PID 1, with a disk, processes and a network of its own. */
export interface Machine {
  /** The PID that we know its PID 1 by; another one after a reboot. */
  readonly pid: number
  /**
   * Its root file system, as seen from here. Beware of absolute links in there (`/var/run`): to us they lead to files of
   * our own, while {@link Machine.read} and {@link Machine.write} go the machine's ways.
   */
  readonly root: string
  /** Runs a command in it until its end. */
  run(argv: readonly string[], options?: RunOptions): Promise<Ran>
  /** The same, for what must not fail: gives its stdout. */
  must(argv: readonly string[], options?: RunOptions): Promise<string>
  /** Starts a command in it. */
  spawn(argv: readonly string[], options?: RunOptions): Running
  /** Writes a file of root's, and the folders that it needs. */
  write(path: string, text: string | Uint8Array, mode?: number): Promise<void>
  read(path: string): Promise<string>
  exists(path: string): Promise<boolean>
  /** Makes an image of busybox in its Docker, and gives its name. */
  makeImage(name?: string): Promise<string>
  /** Ends it, and everything in it. */
  stop(): Promise<void>
}

/** The password of the user `asks`, who has to say it to sudo. */
export const PASSWORD = 'open sesame'

const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '')
const BOOT_TIMEOUT_MS = 60_000

/**
 * Boots this machine's own systemd in namespaces: own mounts, processes, network, names and cgroup, and an overlay of /
 * whose writes go into a disk in memory. It dies with this process, even when that is killed.
 *
 * Its users are root, `deploy` (sudo without a password), `asks` (sudo with {@link PASSWORD}) and `nosudo`.
 */
export async function bootMachine(options: MachineOptions = {}): Promise<Machine> {
  const supervisor = startSupervisor(variablesFor(options))
  const machine = new BootedMachine(supervisor)
  try {
    await machine.boot()
    return machine
  } catch (cause) {
    await supervisor.stop()
    throw new Error(`the machine did not boot: ${supervisor.complaints.join('')}`, { cause })
  }
}

function variablesFor(options: MachineOptions): Record<string, string> {
  const { docker = false, unit = 'debian', node = true, diskMegabytes = 1024, name = 'machine' } = options
  return {
    MACHINE_NAME: name,
    MACHINE_ADDRESS: '',
    MACHINE_DISK: `${diskMegabytes}m`,
    MACHINE_DOCKER: docker ? '1' : '',
    MACHINE_UNIT: unit,
    MACHINE_NODE: node ? process.execPath : '',
    MACHINE_CHECKOUT: CHECKOUT,
    MACHINE_SSH_KEY: '',
    MACHINE_PASSWORD: PASSWORD,
  }
}

class BootedMachine implements Machine {
  readonly #supervisor: Supervisor
  pid = 0

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor
  }

  get root(): string {
    return `/proc/${this.pid}/root`
  }

  get #entrance(): { pid: number; cgroup: string } {
    return { pid: this.pid, cgroup: this.#supervisor.cgroup }
  }

  run(argv: readonly string[], options?: RunOptions): Promise<Ran> {
    return runIn(this.#entrance, argv, options)
  }

  async must(argv: readonly string[], options?: RunOptions): Promise<string> {
    const { code, stdout, stderr } = await this.run(argv, options)
    if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${stderr}${stdout}`)
    return stdout
  }

  spawn(argv: readonly string[], options?: RunOptions): Running {
    return spawnIn(this.#entrance, argv, options)
  }

  async write(path: string, text: string | Uint8Array, mode = 0o644): Promise<void> {
    const script = 'mkdir -p "${1%/*}" && cat >"$1" && chmod "$0" "$1"'
    await this.must(['sh', '-c', script, mode.toString(8), path], { input: text })
  }

  read(path: string): Promise<string> {
    return this.must(['cat', '--', path])
  }

  async exists(path: string): Promise<boolean> {
    return (await this.run(['test', '-e', path])).code === 0
  }

  async makeImage(name: string = IMAGE): Promise<string> {
    const changes = ['--change', 'CMD ["sh"]', '--change', 'ENV PATH=/bin']
    await this.must(['docker', 'import', ...changes, '-', name], { input: await busyboxTar() })
    return name
  }

  async boot(): Promise<void> {
    this.pid = await this.#supervisor.boot()
    await this.#untilRunning()
  }

  stop(): Promise<void> {
    return this.#supervisor.stop()
  }

  async #untilRunning(): Promise<void> {
    for (const start = Date.now(); ; await delay(25)) {
      const { stdout, stderr } = await this.run(['systemctl', 'is-system-running'])
      const state = stdout.trim()
      if (state === 'running' || state === 'degraded') return
      if (Date.now() - start > BOOT_TIMEOUT_MS) throw new Error(`it is ${state || stderr} after ${BOOT_TIMEOUT_MS} ms`)
    }
  }
}
