/** Policies: who may do what on a daemon. */
export const POLICY_ERRORS = {
  ERR_POLICY_INVALID: {
    meaning: 'The policy is invalid. Nothing of it is used.',
    cause:
      'A mistyped key, operation or level, a value of another type, or a feature of YAML that policies must not use.',
    remedy: 'Correct the lines that the message names. `faults` of the error has them as data.',
  },
}
