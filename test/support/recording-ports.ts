import { RecordingServer, type Recording } from './recording-server.ts'

/** Every port that a form of a host can lead to: what nobody listens on would leave no trace. */
const PORTS = [22, 80, 443, 2375, 2376, 2377, 8443] as const

/** Recording servers on all of those ports, on every address of this machine. */
export class RecordingPorts {
  readonly #servers: ReadonlyMap<number, RecordingServer>

  private constructor(servers: ReadonlyMap<number, RecordingServer>) {
    this.#servers = servers
  }

  static async start(): Promise<RecordingPorts> {
    const started = await Promise.all(PORTS.map((port) => RecordingServer.start({ host: '::', port })))
    return new RecordingPorts(new Map(started.map((server) => [server.port, server])))
  }

  /** What has come since the last time, by port; a port where nothing came isn't in it. */
  async take(): Promise<Map<number, Recording['kind'][]>> {
    const taken = new Map<number, Recording['kind'][]>()
    for (const [port, server] of this.#servers) {
      const kinds = (await server.settled()).connections.map(({ kind }) => kind)
      server.clear()
      if (kinds.length > 0) taken.set(port, kinds)
    }
    return taken
  }

  async close(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.close()))
  }
}
