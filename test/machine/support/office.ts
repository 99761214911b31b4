import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { buildPackage } from '../../runner/package.ts'
import { runCommand } from '../../support/command.ts'
import { install, pack } from '../../support/packed.ts'
import { bootMachine, type Machine, type MachineOptions, type Ran } from '../machine.ts'

/** The machines that the guides speak of. */
const PLACES = {
  desk: { address: '10.0.0.2', user: 'ann', options: { ssh: true } },
  laptop: { address: '10.0.0.3', user: 'ben', options: {} },
  'build01.example.com': { address: '10.0.0.4', user: 'root', options: { docker: true, ssh: true, node: false } },
  'build02.example.com': { address: '10.0.0.5', user: 'root', options: { docker: true, ssh: true } },
  'build03.example.com': { address: '10.0.0.9', user: 'root', options: { ssh: true, node: false } },
  runner: { address: '10.0.0.6', user: 'ci', options: {} },
  docker: { address: '10.0.0.7', user: 'root', options: { docker: true, node: false } },
  job: {
    address: '10.0.0.8',
    user: 'root',
    options: {},
    variables: 'DOCKER_HOST=tcp://docker:2376 DOCKER_TLS_CERTDIR=/certs',
  },
} as const satisfies Record<string, { address: string; user: string; options: MachineOptions; variables?: string }>

export type Place = keyof typeof PLACES

/** Some of them, which reach each other by their names. */
export interface Office {
  /** Runs a shell's text as whoever works at that machine, in the home folder; stdout has stderr in it. */
  run(where: string, script: string): Promise<Ran>
  /** The same, for what must not fail: gives what it printed. */
  must(where: string, script: string): Promise<string>
  stop(): Promise<void>
}

const execute = promisify(execFile)
const OURS = '10.0.255.254'

/** The package as npm installs it, with what it needs, but without its types: a tar of `node_modules`. */
export async function packageTar(folder: string): Promise<Buffer> {
  const dist = dirname(dirname(await buildPackage()))
  const project = await install(await pack(folder, dist), folder)
  const options = { encoding: 'buffer', maxBuffer: 1 << 30 } as const
  return (await execute('tar', ['-C', project, '-cf', '-', 'node_modules'], options)).stdout
}

/** Boots them. At desk, laptop and runner, and at servers with Node.js, docker-mtls is installed. */
export async function openOffice(places: readonly Place[], tar: Buffer): Promise<Office> {
  const booted = await Promise.allSettled(places.map((place) => boot(place)))
  const machines = new Map(booted.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])))
  const stop = async (): Promise<void> => {
    await Promise.all([...machines.values()].map((one) => one.stop()))
    await forward('--delete')
  }
  try {
    for (const one of booted) if (one.status === 'rejected') throw one.reason
    // Only here, where it is sure that this is a network of our own: without that none would have booted.
    writeFileSync('/proc/sys/net/ipv4/ip_forward', '1')
    await forward('--insert')
    await Promise.all(places.map((place) => furnish(place, machines, tar)))
  } catch (error) {
    await stop()
    throw error
  }
  const run: Office['run'] = (where, script) => {
    const machine = machines.get(where)
    if (machine === undefined) throw new Error(`there is no machine ${where}`)
    const place = PLACES[where as Place]
    const variables = 'variables' in place ? `export ${place.variables}; ` : ''
    return machine.run(['bash', '-ec', `cd; exec 2>&1; ${variables}\n${script}`], { user: place.user })
  }
  return {
    run,
    must: async (where, script) => {
      const { code, stdout } = await run(where, script)
      if (code !== 0) throw new Error(`${script} ended with ${code}: ${stdout}`)
      return stdout
    },
    stop,
  }
}

/** Each has a cable to us alone, and a dockerd that was here before leaves a FORWARD that drops everything. */
async function forward(how: '--insert' | '--delete'): Promise<void> {
  await runCommand('iptables', [how, 'FORWARD', '-i', 'mtls+', '-o', 'mtls+', '-j', 'ACCEPT'])
}

async function boot(place: Place): Promise<readonly [string, Machine]> {
  const { address, options } = PLACES[place]
  return [place, await bootMachine({ ...options, name: place, network: { address } })] as const
}

async function furnish(place: Place, machines: ReadonlyMap<string, Machine>, tar: Buffer): Promise<void> {
  const machine = machines.get(place)
  if (machine === undefined) return
  const { user, options } = PLACES[place]
  await machine.must(['ip', 'route', 'add', 'default', 'via', OURS, 'dev', 'eth0'])
  const names = [...machines.keys()].map((name) => `${PLACES[name as Place].address} ${name}\n`).join('')
  await machine.write('/etc/hosts', `127.0.0.1 localhost\n::1 localhost ip6-localhost\n${names}`)
  if (!('node' in options)) {
    await machine.must(['mkdir', '/opt/docker-mtls'])
    await machine.must(['tar', '--no-same-owner', '-xf', '-', '-C', '/opt/docker-mtls'], { input: tar })
    const main = '/opt/docker-mtls/node_modules/docker-mtls/dist/cli/main.js'
    await machine.must(['ln', '-s', main, '/usr/local/bin/docker-mtls'])
  }
  if (user !== 'root') await settle(user, machine, machines)
}

/** Gives somebody a login there, and a key for ssh with which everybody here gets in everywhere. */
async function settle(user: string, machine: Machine, machines: ReadonlyMap<string, Machine>): Promise<void> {
  const servers = [...machines].filter(([name]) => 'ssh' in PLACES[name as Place].options)
  const known = servers.map(([name, { ssh }]) => `${name} ${ssh.hostKey}\n`).join('')
  const [, first] = servers[0] ?? []
  if (first === undefined) throw new Error('nobody has an sshd')
  const file = (name: string): Buffer => readFileSync(join(first.ssh.folder, name))
  await machine.must(['useradd', '--create-home', '--shell', '/bin/bash', user])
  await machine.write(`/etc/sudoers.d/${user}`, `${user} ALL=(ALL:ALL) NOPASSWD: ALL\n`)
  const ssh = `/home/${user}/.ssh`
  await machine.write(`${ssh}/id_ed25519`, file('id_ed25519'), 0o600)
  await machine.write(`${ssh}/authorized_keys`, file('id_ed25519.pub'))
  await machine.write(`${ssh}/known_hosts`, known)
  await machine.must(['sh', '-c', `chmod 700 ${ssh} && chown -R ${user}: ${ssh}`])
}
