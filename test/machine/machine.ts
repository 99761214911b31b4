import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { busyboxTar, IMAGE } from '../daemon/harness/image.ts'
import { type CommandResult, runCommand } from '../support/command.ts'
import { growDisk, shrinkDisk } from './disk.ts'
import { type Ran, runIn, type RunOptions, type Running, spawnIn } from './enter.ts'
import { cutCable, layCable, type NetworkOptions } from './network.ts'
import { type SshClient, takeSshClient } from './ssh-client.ts'
import { startSupervisor, type Supervisor } from './supervisor.ts'

export { type Ran, type RunOptions, type Running } from './enter.ts'

export interface MachineOptions {
  /** Debian's dockerd and containerd, enabled: systemd starts them. Without it they are installed only. */
  readonly docker?: boolean
  /** Whose docker.service is installed. @defaultValue debian */
  readonly unit?: 'debian' | 'docker-ce'
  /** Whether it has a node, the one that runs this, and this checkout at {@link CHECKOUT_THERE}. @defaultValue true */
  readonly node?: boolean
  /** A cable from here to there. Only in namespaces of our own. */
  readonly network?: NetworkOptions
  /** A real sshd on its port 22, for root and all its users, with the key of {@link MachineSsh.folder}. Needs `network`. */
  readonly ssh?: boolean
  /** @defaultValue 1024 */
  readonly diskMegabytes?: number
  /** Its host name, by which it is found here, too, where it has a network. @defaultValue machine */
  readonly name?: string
}

/** Its sshd, and our ssh. */
export interface MachineSsh {
  /** The public half of its host key, as `known_hosts` has it after the name. */
  readonly hostKey: string
  /** The folder `.ssh` of whoever runs the tests; its `known_hosts` knows the machine by address and name. */
  readonly folder: string
  /** What our `known_hosts` holds for it: its own key, another one, or none. */
  know(key: string | undefined): void
  /** Runs the system's ssh from here. */
  run(user: string, command: string, input?: string): Promise<CommandResult>
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
  /** Where there is one. */
  readonly ssh: MachineSsh
  /** Makes a folder read-only, until what it gives is called. */
  readOnly(folder: string): Promise<() => Promise<void>>
  /** Leaves no room on its disk, which holds /var/lib/docker, too, but not /run and /tmp. */
  fillDisk(leaveBytes?: number): Promise<void>
  freeDisk(): Promise<void>
  /**
   * A power cut: all processes end at once, /run and /tmp are gone, and what was written to the disk stays. What was not
   * yet synced stays, too, unlike on a real one.
   */
  powerOff(): Promise<void>
  powerOn(): Promise<void>
  /** A power cut, and a boot. */
  reboot(): Promise<void>
  /** Ends it, and everything in it. */
  stop(): Promise<void>
}

/** The password of the user `asks`, who has to say it to sudo. */
export const PASSWORD = 'open sesame'

/** Where machines with a node have this checkout: a gateway runs nothing from the folder of a user or from /tmp, where it may be here. */
export const CHECKOUT_THERE = '/opt/docker-mtls-checkout'
const CHECKOUT: string = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '')
const NAME = 'machine'
const DISK_MEGABYTES = 1024
const BOOT_TIMEOUT_MS = 60_000

/**
 * Boots this machine's own systemd in namespaces: own mounts, processes, network, names and cgroup, and an overlay of /
 * whose writes go into a disk in memory. It dies with this process, even when that is killed.
 *
 * Its users are root, `deploy` (sudo without a password), `asks` (sudo with {@link PASSWORD}) and `nosudo`.
 */
export async function bootMachine(options: MachineOptions = {}): Promise<Machine> {
  if (options.ssh === true && options.network === undefined)
    throw new Error('an sshd that nobody reaches: give a network')
  const client = options.ssh === true ? takeSshClient() : undefined
  const supervisor = startSupervisor(variablesFor(options, client?.publicKey))
  const machine = new BootedMachine(supervisor, options, client)
  try {
    await machine.powerOn()
    return machine
  } catch (cause) {
    await machine.stop()
    throw new Error(`the machine did not boot: ${supervisor.complaints.join('')}`, { cause })
  }
}

function variablesFor(options: MachineOptions, sshKey = ''): Record<string, string> {
  const { docker = false, unit = 'debian', node = true, diskMegabytes = DISK_MEGABYTES, name = NAME } = options
  return {
    MACHINE_NAME: name,
    MACHINE_ADDRESS: options.network?.address ?? '',
    MACHINE_DISK: `${diskMegabytes}m`,
    MACHINE_DOCKER: docker ? '1' : '',
    MACHINE_UNIT: unit,
    MACHINE_NODE: node ? process.execPath : '',
    MACHINE_CHECKOUT: CHECKOUT,
    MACHINE_CHECKOUT_THERE: CHECKOUT_THERE,
    MACHINE_SSH_KEY: sshKey,
    MACHINE_PASSWORD: PASSWORD,
  }
}

/** Words of a command here, with the paths that files of this checkout have in a machine. */
export function wordsThere(words: readonly string[]): string[] {
  return words.map((word) => word.replace(CHECKOUT, CHECKOUT_THERE))
}

class BootedMachine implements Machine {
  readonly #supervisor: Supervisor
  readonly #options: MachineOptions
  readonly #client: SshClient | undefined
  #ssh: MachineSsh | undefined
  #stopped: Promise<void> | undefined
  pid = 0

  constructor(supervisor: Supervisor, options: MachineOptions, client: SshClient | undefined) {
    this.#supervisor = supervisor
    this.#options = options
    this.#client = client
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

  get ssh(): MachineSsh {
    if (this.#ssh === undefined) throw new Error('this machine has no sshd')
    return this.#ssh
  }

  async readOnly(folder: string): Promise<() => Promise<void>> {
    await this.must(['sh', '-ec', 'mount -n --bind "$0" "$0"; mount -n -o remount,bind,ro "$0"', folder])
    return async () => void (await this.must(['umount', '-n', '-l', folder]))
  }

  fillDisk(leaveBytes = 0): Promise<void> {
    return shrinkDisk(this.#supervisor, leaveBytes)
  }

  freeDisk(): Promise<void> {
    return growDisk(this.#supervisor, this.#options.diskMegabytes ?? DISK_MEGABYTES)
  }

  async powerOff(): Promise<void> {
    try {
      process.kill(this.pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
    await this.#supervisor.waitForEnd()
    if (this.#options.network) await cutCable(this.#options.network)
  }

  async powerOn(): Promise<void> {
    const { network, name = NAME } = this.#options
    this.pid = await this.#supervisor.boot()
    if (network) await layCable(this.pid, network, name)
    await this.#untilRunning()
    if (this.#client && network) this.#ssh ??= await this.#learnSsh(this.#client, network.address, name)
  }

  async reboot(): Promise<void> {
    await this.powerOff()
    await this.powerOn()
  }

  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop())
  }

  async #stop(): Promise<void> {
    await this.#supervisor.stop()
    if (this.#options.network) await cutCable(this.#options.network)
    this.#ssh?.know(undefined)
    this.#client?.close()
  }

  async #learnSsh(client: SshClient, address: string, name: string): Promise<MachineSsh> {
    const hostKey = (await this.read('/etc/ssh/ssh_host_ed25519_key.pub')).trim()
    const knowIt = (key: string | undefined): void => client.know([address, name], key)
    knowIt(hostKey)
    const run = (user: string, command: string, input = ''): Promise<CommandResult> =>
      runCommand('ssh', ['-o', 'BatchMode=yes', `${user}@${address}`, command], { input })
    return { hostKey, folder: client.folder, know: knowIt, run }
  }

  async #untilRunning(): Promise<void> {
    const argv = ['timeout', String(BOOT_TIMEOUT_MS / 1000), 'systemctl', 'is-system-running', '--wait']
    for (const start = Date.now(); ; await delay(50)) {
      // --wait fails at once as long as systemd doesn't listen yet.
      if (!existsSync(`${this.root}/run/systemd/private`) && Date.now() - start < BOOT_TIMEOUT_MS) continue
      const { stdout, stderr } = await this.run(argv)
      const state = stdout.trim()
      if (state === 'running' || state === 'degraded') return
      if (Date.now() - start > BOOT_TIMEOUT_MS) throw new Error(`it is ${state || stderr} after ${BOOT_TIMEOUT_MS} ms`)
    }
  }
}
