/** Names of variables that hold secrets, by how sure that is. */
export interface SecretNames {
  readonly certain: readonly string[]
  readonly possible: readonly string[]
}

/** What a secret is called, as the source of a pattern. Not KEY alone: many images name public signing keys GPG_KEY. */
export const SECRET_WORDS =
  '(?:password|passwd|passphrase|secret|token|(?:api|access|secret|private|encryption|signing)[_-]?key)'
/** The word at the end of a name says what the value is. */
const CERTAIN = new RegExp(String.raw`(?:^|_)${SECRET_WORDS}(?:_\d+)?$`, 'i')
const POSSIBLE = /(?:^|_)(?:PASS|PW|PIN|SECRETS|CREDENTIALS?|AUTH|KEY|SALT|COOKIE)$/
/** What has such a name and is public: keys that verify, names of keys, switches. */
const PUBLIC =
  /(?:^|_)(?:GPG_KEY|PUBLIC_?KEY|PUB_?KEY|HOST_?KEY|SORT_?KEY|PRIMARY_?KEY|PARTITION_?KEY|ALLOW_EMPTY_\w+|\w*RANDOM_\w*PASSWORD)$/

/**
 * Finds variables whose names say that they hold a secret. Their values are not known. An entry that ends with `=` is empty.
 * `_FILE`, `_PATH` and the like name a file, and never match.
 */
export function secretNames(env: readonly string[]): SecretNames {
  const names = env.flatMap((entry) => (entry.includes('=') ? [] : [entry]))
  const certain = names.filter(isSecretName)
  const possible = names.filter((name) => !certain.includes(name) && isLike(POSSIBLE, name))
  return { certain, possible }
}

/** Whether a variable with this name holds a secret. */
export function isSecretName(name: string): boolean {
  return isLike(CERTAIN, name)
}

function isLike(pattern: RegExp, given: string): boolean {
  // camelCase, kebab-case and dots as in SNAKE_CASE.
  const name = given
    .replaceAll(/([a-z\d])([A-Z])/g, '$1_$2')
    .replaceAll(/[-.]/g, '_')
    .toUpperCase()
  return pattern.test(name) && !PUBLIC.test(name)
}
