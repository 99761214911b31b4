/** A minimal program with one contender: prints OK as soon as the daemon has answered the first `/_ping`. */
import type { ContenderModule } from '../contenders/contender.ts'

const [, , name, entry = ''] = process.argv
const { open } = (await import(`../contenders/${name}.ts`)) as ContenderModule
const client = await open(entry)
if (!client.answered) await client.ping()
process.stdout.write('OK')
await client.close()
