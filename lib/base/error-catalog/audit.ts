/** Files that an audit reads. */
export const AUDIT_ERRORS = {
  ERR_AUDIT_SNAPSHOT_INVALID: {
    meaning: "The file isn't a snapshot that this version of docker-mtls can read.",
    cause: 'Another file, a file that was cut off, or a snapshot of another version with another format.',
    remedy: 'Collect the snapshot again with `docker-mtls audit --snapshot FILE`.',
  },
  ERR_AUDIT_EXCEPTIONS_INVALID: {
    meaning: 'The file with exceptions is invalid. No exception is applied, and nothing is audited.',
    cause: 'A missing reason or date, a mistyped key, or a check that does not exist.',
    remedy: 'Correct the entry that the message names.',
  },
  ERR_AUDIT_BASELINE_INVALID: {
    meaning: "The baseline isn't a JSON report that this version of docker-mtls can read.",
    cause: 'A report in another format, a file that was cut off, or a report of a version with another JSON format.',
    remedy: 'Write the baseline again with `docker-mtls audit --format json --output FILE`.',
  },
}
