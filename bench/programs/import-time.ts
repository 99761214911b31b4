/** Prints how long importing one file takes in an otherwise empty process, in milliseconds. */
const began = performance.now()
await import(process.argv[2] ?? '')
process.stdout.write(String(performance.now() - began))
