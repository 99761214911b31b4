import { bindMount, volumeMount, type Raw, type Surroundings } from './containers.ts'
import { ROOTFUL } from './row.ts'

// Changes of a good container, and what surrounds it.

export const bind = (source: string, writable = true): Raw => ({ Mounts: [bindMount(source, '/mnt', writable)] })
export const IN_VOLUME: Raw = { Mounts: [volumeMount('hidden', '/mnt')] }
export const volumeOf = (o: string, device: string, type = 'none'): Surroundings => ({
  ...ROOTFUL,
  volumes: [{ Name: 'hidden', Driver: 'local', Options: { type, o, device } }],
})
/** Of a plugin that says where its volume is: to the container when it was created, and in the list. */
export const ofPlugin = (Source: string): Raw => ({
  Mounts: [{ ...volumeMount('hidden', '/mnt', 'local-persist'), Source }],
})
export const listed = (Mountpoint: string): Surroundings => ({
  ...ROOTFUL,
  volumes: [{ Name: 'hidden', Driver: 'local-persist', Mountpoint, Options: {} }],
})
export const WINDOWS: Surroundings = { info: { OSType: 'windows', SecurityOptions: [] } }
export const pipe = (name: string): Raw => {
  const Source = `\\\\.\\pipe\\${name}`
  return { Mounts: [{ Type: 'npipe', Source, Destination: Source, RW: true }] }
}
export const NO_VOLUMES: Surroundings = { ...ROOTFUL, volumes: null }
export const env = (...Env: readonly string[]): Raw => ({ Config: { Env } })
export const restarting = (PortBindings: Raw, Ports: Raw | null = {}): Raw => ({
  State: { Restarting: true },
  HostConfig: { PortBindings },
  NetworkSettings: { Ports },
})
