/**
 * A key as Go's encoding/json compares it with the names of fields: without regard to case, under Unicode's simple folding.
 * All names of the API are ASCII, and only two other characters fold to ASCII letters: the long s, and the Kelvin sign.
 */
export function foldKey(key: string): string {
  return key
    .replaceAll('\u017f', 's')
    .replaceAll('\u212a', 'k')
    .replaceAll(/[A-Z]+/g, lower)
}

// toLowerCase() of a whole key would also change other letters, which Go doesn't take for ASCII.
const lower = (letters: string): string => letters.toLowerCase()
