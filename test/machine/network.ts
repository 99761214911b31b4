import { readFileSync, writeFileSync } from 'node:fs'
import { inNamespaces } from '../../scripts/namespaces.ts'
import { runCommand } from '../support/command.ts'

/** Where a machine is reached. */
export interface NetworkOptions {
  /** IPv4, the same first half for all machines: 10.77.0.2, 10.77.0.3. Our own end is .255.254. */
  readonly address: string
}

const HOSTS = '/etc/hosts'

/**
 * Lays a cable from our network namespace into the machine's, and gives it its name in /etc/hosts. There is no way from
 * there to anywhere else.
 */
export async function layCable(pid: number, { address }: NetworkOptions, name: string): Promise<void> {
  if (!inNamespaces()) throw new Error('a machine has a network only in namespaces of our own: npm test -- FILE')
  const device = deviceFor(address)
  const ours = address.replace(/\.\d+\.\d+$/, '.255.254')
  const inside = ['nsenter', '--target', String(pid), '--net', '--']
  await must(['ip', 'link', 'add', device, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid)])
  await must(['ip', 'address', 'add', ours, 'peer', `${address}/32`, 'dev', device])
  await must(['ip', 'link', 'set', device, 'up'])
  await must([...inside, 'ip', 'address', 'add', address, 'peer', `${ours}/32`, 'dev', 'eth0'])
  await must([...inside, 'ip', 'link', 'set', 'eth0', 'up'])
  writeFileSync(HOSTS, `${otherHosts(address)}${address} ${name}\n`)
}

/** Takes both away. The kernel would do so too, some time after the machine's end. */
export async function cutCable({ address }: NetworkOptions): Promise<void> {
  await runCommand('ip', ['link', 'delete', deviceFor(address)])
  writeFileSync(HOSTS, otherHosts(address))
}

/** Names of devices have up to 15 characters: 10.77.0.2 is mtls0a4d0002. */
function deviceFor(address: string): string {
  return `mtls${Buffer.from(address.split('.').map(Number)).toString('hex')}`
}

function otherHosts(address: string): string {
  const lines = readFileSync(HOSTS, 'utf8').split('\n')
  return lines.filter((line) => !line.startsWith(`${address} `)).join('\n')
}

async function must([file = '', ...args]: readonly string[]): Promise<void> {
  const { code, stderr } = await runCommand(file, args)
  if (code !== 0) throw new Error(`${file} ${args.join(' ')}: ${stderr}`)
}
