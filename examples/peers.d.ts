/**
 * The types of other clients, as far as the examples use them: dockerode has none, and `npm run check` runs without the
 * clients.
 */

declare module 'dockerode' {
  import type { Duplex, Readable, Writable } from 'node:stream'

  interface Exec {
    start(options: { hijack: true; stdin: true }): Promise<Duplex>
    inspect(): Promise<{ readonly ExitCode: number }>
  }
  interface Container {
    start(): Promise<unknown>
    exec(options: object): Promise<Exec>
    remove(options: { force: true }): Promise<unknown>
  }
  export default class Docker {
    constructor(options?: object)
    readonly modem: { demuxStream(stream: Duplex, stdout: Writable, stderr: Writable): void }
    listContainers(): Promise<unknown[]>
    ping(): Promise<Buffer>
    getEvents(): Promise<Readable>
    createContainer(options: object): Promise<Container>
    getContainer(id: string): Container
  }
}

declare module '@docker/node-sdk' {
  import type { Duplex, Writable } from 'node:stream'
  import type { Agent } from 'undici'

  export class DockerClient {
    constructor(agent: Agent)
    systemPing(): Promise<string | null>
    containerCreate(spec: { Image: string; Cmd: readonly string[] }): Promise<{ readonly Id: string }>
    containerStart(id: string): Promise<void>
    containerExec(id: string, config: object): Promise<{ readonly Id: string }>
    execInspect(id: string): Promise<{ readonly ExitCode: number }>
    containerDelete(id: string, options: { force: true }): Promise<void>
    close(): Promise<void>
  }
  export class HTTPClient {
    constructor(agent: Agent, userAgent: string)
    upgrade(path: string): Promise<{ readonly content: string; readonly socket: Duplex }>
  }
  export function demultiplexStream(stdout: Writable, stderr: Writable): Writable
}
