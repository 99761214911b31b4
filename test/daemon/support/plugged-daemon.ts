import { mkdir, writeFile } from 'node:fs/promises'
import { connect as connectSocket, type Socket } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { newClient, newServerTls, type Client } from '../../gateway/support/fixture.ts'
import { writeClient } from '../../transport/support/credentials.ts'
import { connect, type DockerClient } from '../../../lib/index.ts'
import { startDockerd, type Daemon } from '../harness/dockerd.ts'
import { chooseDaemonPlace } from '../harness/place.ts'
import type { Attack } from './policy/attacks.ts'
import { sendAttack, type Answered } from './policy/corpus.ts'
import { until } from './until.ts'

/** A dockerd with TLS, whose plugins come and go by reloads. */
export class PluggedDaemon {
  readonly daemon: Daemon
  readonly folder: string
  readonly #argv: readonly string[]
  readonly #clients = new Map<string, Client>()

  private constructor(daemon: Daemon, argv: readonly string[]) {
    this.daemon = daemon
    this.#argv = argv
    this.folder = daemon.place.folder
  }

  static async start(): Promise<PluggedDaemon> {
    const place = await chooseDaemonPlace()
    const { ca, cert, key } = await newServerTls()
    const file = (name: string): string => join(place.folder, name)
    const files = { 'ca.pem': ca, 'cert.pem': cert, 'key.pem': key, 'daemon.json': '{}' }
    for (const [name, text] of Object.entries(files)) await writeFile(file(name), text, { mode: 0o600 })
    const tls = [
      '--tlsverify',
      '--tlscacert',
      file('ca.pem'),
      '--tlscert',
      file('cert.pem'),
      '--tlskey',
      file('key.pem'),
    ]
    const listeners = place.listen.flatMap((listener) => ['--host', listener])
    const argv = [place.dockerd, '--config-file', file('daemon.json'), ...listeners, ...tls]
    return new PluggedDaemon(await startDockerd({ place, argv }), argv)
  }

  /** Starts it once more, after it has ended. */
  async startAgain(): Promise<Daemon> {
    await this.daemon.stop({ keep: true })
    return startDockerd({ place: this.daemon.place, argv: this.#argv })
  }

  /** Sets the plugins in daemon.json, and reloads dockerd. */
  async reload(...plugins: readonly string[]): Promise<void> {
    await this.reloadWith(plugins.length === 0 ? {} : { 'authorization-plugins': plugins })
  }

  /** Writes daemon.json, and reloads dockerd. */
  async reloadWith(config: object): Promise<void> {
    const before = this.daemon.log().length
    await writeFile(join(this.folder, 'daemon.json'), JSON.stringify(config))
    process.kill(this.daemon.pid, 'SIGHUP')
    await until('the reload', () => Promise.resolve(this.daemon.log().slice(before).includes('Reloaded configuration')))
  }

  /** Knows a client. By default its certificate has its name. */
  async add(name: string, client?: Client): Promise<void> {
    this.#clients.set(name, client ?? (await newClient(name)))
  }

  /** Connects to it, or to a gateway which trusts the same CA. */
  async connectAs(name: string, port: number = this.daemon.place.port): Promise<DockerClient> {
    const folder = join(this.folder, `client-${name}`)
    await mkdir(folder, { recursive: true })
    await writeClient(folder, this.#client(name))
    return connect({ host: `tcp://127.0.0.1:${port}`, certPath: folder })
  }

  async sendAs(name: string, attack: Attack): Promise<Answered> {
    return sendAttack(this.dial(name, this.daemon.place.port), attack)
  }

  /** Opens a connection to a port, such as that of a gateway which trusts the same CA. */
  dial(name: string, port: number): TLSSocket {
    return this.secure(name, connectSocket({ host: '127.0.0.1', port }))
  }

  /** The client's TLS on a connection of TCP. */
  secure(name: string, socket: Socket): TLSSocket {
    const { cert, key, ca } = this.#client(name)
    return connectTls({ socket, servername: 'localhost', cert, key, ca })
  }

  async sendLocally(attack: Attack): Promise<Answered> {
    return sendAttack(this.dialLocally(), attack)
  }

  dialLocally(): Socket {
    return connectSocket(this.daemon.place.socketPath)
  }

  #client(name: string): Client {
    const client = this.#clients.get(name)
    if (client === undefined) throw new Error(`there is no client ${name}`)
    return client
  }
}
