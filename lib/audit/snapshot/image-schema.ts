import { z } from 'zod'
import { count, field, list, orElse, text } from './fields.ts'

/** The fields of `GET /images/json` that checks read. */
export const IMAGE = z.object({
  Id: text,
  /** Empty, or `<none>:<none>` before Docker Engine 23, for an image without a name. */
  RepoTags: list(z.string()),
  RepoDigests: list(z.string()),
})

const SIGNATURE = z.object({ Name: text, Error: text })

/** The fields of `GET /images/ID/json` that checks read. */
export const RUNNING_IMAGE_FACTS = z.object({
  RepoTags: list(z.string()),
  /** Since API 1.53. */
  Identity: field(
    z.object({
      Signature: orElse(z.array(SIGNATURE), []),
      Pull: orElse(z.array(z.object({ Repository: text })), []),
      Build: orElse(z.array(z.object({ Ref: text })), []),
    }),
  ),
})

/** What the build steps of an image did. The steps themselves may contain secrets, and stay out of the snapshot. */
export const HISTORY = z.object({
  steps: count,
  /** ADD instructions that download without a checksum. */
  downloads: count,
  /** Package indexes that were updated in a step that installs nothing. */
  updatesAlone: count,
  /** Names of variables and arguments with secrets, and kinds of secrets. Never their values. */
  secrets: list(z.string()),
})

export type HistoryFacts = z.infer<typeof HISTORY>
