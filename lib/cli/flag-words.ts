/** How the library calls its options in messages, and how they are called here. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/\b(?:the )?options host and context\b/g, '--host and --context'],
  [/\b(?:the )?option (host|context)\b/g, '--$1'],
  [/\b(?:the )?(?:option )?certPath\b/g, '--cert-path'],
  [/\b(?:the )?(?:option )?envFile\b/g, '--dotenv'],
  [/\b(?:the )?(?:option )?tlsOnPort2375\b/g, '--tls-on-port-2375'],
  [/\b(?:the )?(?:option )?foreignClientCa(?:: true)?\b/g, '--foreign-client-ca'],
  [/\b(?:the )?option passphrase\b/g, '--key-passphrase-file'],
  [/\b(?:the )?option proxy\b/g, '--proxy'],
  // A password is read from a file here.
  [
    /http:\/\/USER:PASSWORD@PROXY:PORT, what is special in them as %XX/g,
    '--proxy http://USER@PROXY:PORT --proxy-password-file FILE',
  ],
  [/http:\/\/USER:PASSWORD@PROXY:PORT/g, 'http://USER@PROXY:PORT'],
  // Certificates as values have no flags: a key does not belong on a command line.
  [/, or ca, cert and key\b/g, ''],
]

/** A sentence of the library for someone who typed a command. */
export function inFlags(text: string): string {
  return WORDS.reduce((words, [pattern, flag]) => words.replaceAll(pattern, flag), text)
}
