import { z } from 'zod'
import { AuditError } from '../../base/errors.ts'
import { parseJsonDocument } from '../../base/json.ts'
import { SNAPSHOT, SNAPSHOT_FORMAT, type Snapshot } from './snapshot.ts'

/** Parses a snapshot that was saved as JSON. */
export function parseSnapshot(text: string): Snapshot {
  let value: unknown
  try {
    value = parseJsonDocument(text)
  } catch (cause) {
    throw invalid('it is not valid JSON', cause)
  }
  return checkSnapshot(value)
}

/** Checks the parts of a snapshot, and its fields as those of an answer: one of another type is left out. */
export function checkSnapshot(value: unknown): Snapshot {
  const format = z.object({ format: z.number() }).safeParse(value)
  if (format.success && format.data.format !== SNAPSHOT_FORMAT) {
    throw invalid(
      `it has the format ${format.data.format}, and this version of docker-mtls reads the format ${SNAPSHOT_FORMAT}`,
    )
  }
  const checked = SNAPSHOT.safeParse(value)
  if (checked.success) return checked.data
  const at = checked.error.issues[0]?.path.join('.') ?? ''
  throw invalid(at === '' ? 'it is not a snapshot' : `its field ${at} has an unexpected form`)
}

function invalid(got: string, cause?: unknown): AuditError {
  return new AuditError('ERR_AUDIT_SNAPSHOT_INVALID', {
    tried: 'reading the snapshot',
    got,
    todo: 'Collect it again.',
    cause,
  })
}
