import { z } from 'zod'
import { field, list, orElse, text, truth } from './fields.ts'

const DEVICE = z.object({ Path: orElse(z.string(), '') })
const MOUNT = z.object({
  Source: orElse(z.string(), ''),
  Type: text.optional(),
  Options: list(z.string()).optional(),
})

/** The fields of `GET /plugins` that checks read. Variables and arguments stay out: they may be secrets. */
export const PLUGIN = z.object({
  Id: text,
  Name: text,
  Enabled: truth,
  PluginReference: text,
  /** In force. */
  Settings: field(z.object({ Mounts: list(MOUNT), Devices: list(DEVICE) })),
  Config: field(
    z.object({
      Network: field(z.object({ Type: text })),
      Linux: field(z.object({ Capabilities: list(z.string()), AllowAllDevices: truth })),
      IpcHost: truth,
      PidHost: truth,
    }),
  ),
})

export type PluginFacts = z.infer<typeof PLUGIN>
